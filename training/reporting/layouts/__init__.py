"""One layout per model: the tables of its paper, rows and columns in their order, published figures beside ours."""
