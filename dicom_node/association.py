"""Associations that we request: opened with an exact account of what failed, released whatever happens."""
