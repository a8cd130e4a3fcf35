"""Simulated patients on disk, one module for each model whose input they are."""
