"""Errors that several parts of the library raise and catch."""


class CodecError(ValueError):
    """Bytes that a codec cannot decode, or an image that it cannot encode."""


class Refusal(ValueError):
    """Work that cannot be done as asked; the message says in one sentence what can."""
