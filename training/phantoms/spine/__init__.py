"""Thoracolumbar spine: an abdominal CT with everything about it known, and lateral radiographs projected from it."""
