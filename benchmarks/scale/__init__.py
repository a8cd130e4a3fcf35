"""The database of a hospital network: millions of rows, and how long what the node asks of it takes."""
