"""The pages: one module each, whose functions take an `Ask` and give a response."""
