"""Images of other than 8 bits that Pillow opens: their samples are read elsewhere, as they are."""

from typing import Any

from numpy.typing import NDArray
from PIL import ImageFile

from core.intake.bmff import ImageProperties
from core.intake.errors import Limits
from core.intake.notes import FRAMES_NOTE, Converted, with_notes
from core.intake.orientation import read_orientation, turn_upright
from core.intake.samples import Samples, samples_to_srgb

_CHANNELS = 4
_BITS = 16


def check_deep(size: tuple[int, int], limits: Limits) -> None:
    """Refuses an image whose samples of more than 8 bits would take too much memory.

    Raises:
        ImageError: It is too large.
    """
    limits.check_size(*size)
    limits.check_samples(size[0] * size[1], _CHANNELS, _BITS)


def convert_deep(
    image: ImageFile.ImageFile,
    values: NDArray[Any],
    properties: ImageProperties,
    *,
    premultiplied: bool = False,
) -> Converted:
    """Image on white in 8-bit sRGB; its depth is reduced after its colours are converted.

    Args:
        image: What Pillow opened, for its profile, orientation and number of frames.
        values: Samples of the main image, not turned, shape (height, width) or
            (height, width, channels).
        properties: Depth and colours of the samples.
        premultiplied: Whether colours are multiplied by the opacity.
    """
    profile = image.info.get("icc_profile")
    samples = Samples(
        values if values.ndim == 3 else values[..., None],
        white_level=(1 << properties.bits) - 1,
        profile=profile,
        space=None if profile else properties.space,
        premultiplied=premultiplied,
        has_depth=properties.bits > 8,
    )
    converted = samples_to_srgb(samples)
    turned = turn_upright(converted.image, read_orientation(image))
    return with_notes(
        Converted(turned, converted.notes),
        before=(FRAMES_NOTE,) if getattr(image, "is_animated", False) else (),
        after=properties.notes,
    )
