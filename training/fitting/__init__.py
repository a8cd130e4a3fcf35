"""From cohorts to networks: one module for each network that is trained."""
