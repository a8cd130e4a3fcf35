"""The node as a whole: its real processes, a real PACS, a real database and broker."""
