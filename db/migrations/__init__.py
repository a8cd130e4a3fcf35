"""The way from each release's schema to the next."""
