"""Measurements behind the figures in the documentation. Run by `make bench`."""
