"""The fault matrix: faults are injected into real nodes, and what was promised is counted. Run by `make faults`."""
