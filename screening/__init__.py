"""The vocabulary of the product: frozen types, errors, settings and model cards. Imports no other floor."""
