"""Vertebral fracture risk from a lateral lumbar radiograph (Kong et al. 2022)."""
