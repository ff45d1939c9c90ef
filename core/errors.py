"""Errors that several rooms of the library raise and catch."""


class CodecError(ValueError):
    """Bytes that a codec cannot decode, or an image that it cannot encode."""
