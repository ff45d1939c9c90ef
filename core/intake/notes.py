"""Notes on what decoding changed, as sentences."""

from typing import NamedTuple

from PIL import Image

from core.intake.color_spaces import ColorSpace

FRAMES_NOTE = "Only the first of several frames is used."
DEPTH_NOTE = "More than 8 bits per channel were reduced to 8."
ALPHA_NOTE = "Transparent parts are shown on white."
CMYK_NOTE = "CMYK colours without a colour profile were converted approximately."
PROFILE_NOTE = "Colours were converted from the embedded colour profile to sRGB."
BAD_PROFILE_NOTE = "The embedded colour profile could not be used; colours may differ."
LARGE_PROFILE_NOTE = "The embedded colour profile exceeds 1 MB and was ignored; colours may differ."
DECLARED_NOTE = "Colours were converted from the colour space that the file declares to sRGB."
PFM_NOTE = "Samples were taken for linear light, as in the PFM file that this seems to be made of."
UNKNOWN_SPACE_NOTE = (
    "The file declares a colour space that is not supported; it is shown as sRGB and colours "
    "may differ."
)

_HDR_NOTE = (
    "High dynamic range ({name}) was mapped to the range of an ordinary screen; brightness and "
    "colours may differ."
)


class Converted(NamedTuple):
    """An 8-bit image and what was changed on the way to it.

    Attributes:
        image: Pillow image in mode RGB.
        notes: Sentences for the person who gave the image.
    """

    image: Image.Image
    notes: tuple[str, ...]


def space_note(space: ColorSpace) -> str:
    """Sentence on the conversion from a declared colour space."""
    return _HDR_NOTE.format(name=space.transfer.upper()) if space.is_hdr else DECLARED_NOTE


def with_notes(
    converted: Converted, *, before: tuple[str, ...] = (), after: tuple[str, ...] = ()
) -> Converted:
    """The same image with more notes."""
    return Converted(converted.image, before + converted.notes + after)
