"""Digital phantoms, training and evaluation: what makes and judges weights."""
