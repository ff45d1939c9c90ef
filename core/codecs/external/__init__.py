"""Codecs that other programs compute: commands, and models in a Python of their own."""
