"""Data sets: found, checked, resized, split and listed."""
