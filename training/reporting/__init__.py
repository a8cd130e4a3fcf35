"""What `opportune evaluate` writes: tables in the layout of each model's paper, plots, and the TRIPOD+AI items."""
