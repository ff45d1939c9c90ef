"""Data sets: reading, checking, resizing, splitting and listing them."""
