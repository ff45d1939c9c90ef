"""One intake for every picture that a person gives: bytes in, upright sRGB pixels out."""
