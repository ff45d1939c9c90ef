"""An image as horizontal strips, so that a metric of a large one needs little memory."""

#: Pixels of a strip; an image of so many is one strip.
_MAX_PIXELS = 2**20


def strips(shape: tuple[int, ...], *, overlap: int = 0) -> list[slice]:
    """Rows of each strip, from the top.

    Args:
        shape: Height and width of the image, each larger than the overlap.
        overlap: Rows that two strips share: a window's height less one, so that every window
            lies in exactly one strip.
    """
    height, width = shape[:2]
    step = max(1, _MAX_PIXELS // width - overlap)
    return [slice(top, top + step + overlap) for top in range(0, height - overlap, step)]
