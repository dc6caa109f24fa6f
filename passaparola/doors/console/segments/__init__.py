"""Segments in the console: the list and the map, the builder without code, and each segment with its people and reasons."""
