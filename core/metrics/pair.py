"""The check that every metric makes before it computes."""

from core.images import Image, check_image


def check_pair(reference: Image, image: Image, *, smallest_side: int = 1) -> None:
    """Lets two images pass that can be measured against each other.

    Args:
        reference: The image as it was.
        image: The reconstruction.
        smallest_side: Fewest pixels in height and width for which the metric is defined.

    Raises:
        ValueError: They are not uint8 RGB, differ in shape, or are smaller than `smallest_side`.
    """
    check_image(reference)
    check_image(image)
    if reference.shape != image.shape:
        raise ValueError(
            f"A metric takes two images of one shape; received {reference.shape} and {image.shape}."
        )
    if min(image.shape[:2]) < smallest_side:
        raise ValueError(
            f"Both sides must have at least {smallest_side} pixels; received "
            f"{image.shape[1]}x{image.shape[0]}."
        )
