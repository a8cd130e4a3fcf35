"""The child phantom: a growing chest from birth to 18 years, its radiograph, and what age can be read from it."""
