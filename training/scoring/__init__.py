"""Bundles put to cohorts: what each model says of each patient."""
