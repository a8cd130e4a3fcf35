"""Hostile input made up by Hypothesis: mutated PDUs to the decoders, and to a listener over live connections."""
