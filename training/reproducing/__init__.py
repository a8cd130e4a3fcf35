"""A card's table from the weights that are shipped: one module per model with `parts(shipped)` and `SIMULATOR`."""
