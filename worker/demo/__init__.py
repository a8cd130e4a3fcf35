"""`opportune demo`: the whole node against a stand-in PACS on the loopback."""
