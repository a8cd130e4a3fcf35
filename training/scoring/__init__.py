"""How a bundle scores a cohort: one module per model with `score(bundle, cohort, *, device, progress)`."""
