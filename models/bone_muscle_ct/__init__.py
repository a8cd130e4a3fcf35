"""Bone and muscle of an abdominal CT: vertebral fractures now, and the risk of one within five years."""
