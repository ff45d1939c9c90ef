"""Measures codecs on the test split, or on any folder of images."""
