"""One intake for every image that a person gives: bytes in, upright sRGB pixels out."""
