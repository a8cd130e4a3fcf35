"""The chest phantom: an adult (or child-like) thorax, pneumonia in it, its radiograph and its 30-day hazard."""
