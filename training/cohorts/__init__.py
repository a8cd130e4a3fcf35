"""Simulated cohorts: many phantoms, their labels, and the oracle's score."""
