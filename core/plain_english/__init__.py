"""Grammar of sentences that hold numbers or flags."""

from collections.abc import Iterable


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun, which is singular for one; thousands are separated by commas.

    Args:
        count: How many, of 0 or more.
        singular: The noun for one.
        plural: The noun for any other number; `singular` with an s when None.

    Example:
        >>> counted(1, "epoch"), counted(1200, "image"), counted(0, "library", "libraries")
        ('1 epoch', '1,200 images', '0 libraries')
    """
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def flags(names: Iterable[str]) -> str:
    """Options of a command by the names of their fields, in the order of the alphabet.

    Example:
        >>> flags(["epochs", "batch_size"])
        '--batch-size, --epochs'
    """
    return ", ".join(f"--{name.replace('_', '-')}" for name in sorted(names))
