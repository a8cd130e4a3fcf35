"""Tests of the audit messages."""
