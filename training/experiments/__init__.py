"""Experiments: what a paper claims of its model, asked of ours."""
