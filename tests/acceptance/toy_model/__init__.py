"""A made-up model, as the folder that a sixth model is."""
