"""What tells others how the node does: numbers, health, notices. It names no patient."""
