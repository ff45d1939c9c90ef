"""File suffixes: which a codec writes, and whether a file's content matches its suffix."""

from pathlib import Path

from core.codecs import Codec, codecs, is_external, unavailable
from core.intake.formats import SUFFIXES

#: Suffixes by format, as `core.intake` and the codecs name the formats.
_SUFFIXES = {**SUFFIXES, "BNK": frozenset({".bnk"})}

#: Default codec.
DEFAULT_CODEC = "bottleneck"


def format_of(suffix: str) -> str | None:
    """Format that a suffix stands for; None for an unknown suffix.

    >>> format_of(".JPG"), format_of(".out")
    ('JPEG', None)
    """
    matches = (name for name, known in _SUFFIXES.items() if suffix.lower() in known)
    return next(matches, None)


def note_on_suffix(path: Path, held: str) -> tuple[str, ...]:
    """A note if a file's suffix stands for another format than that of its content.

    >>> note_on_suffix(Path("photo.png"), "JPEG")
    ('photo.png holds JPEG, though its name says PNG.',)
    >>> note_on_suffix(Path("photo.jpeg"), "JPEG")
    ()
    """
    promised = format_of(path.suffix)
    if promised is None or promised == held or held not in _SUFFIXES:
        return ()
    return (f"{path.name} holds {held}, though its name says {promised}.",)


def codec_for(output: Path) -> str:
    """Codec for an output whose codec is not named: the one that its suffix stands for.

    Of several it is the first that is not external, so that a program that is installed changes
    no result.

    Raises:
        ValueError: No codec here writes the format that the suffix stands for.
    """
    wanted = format_of(output.suffix)
    found = [name for name, codec in codecs().items() if is_suffix_of(codec, output)]
    if DEFAULT_CODEC in found or (wanted is None and not found):
        return DEFAULT_CODEC
    if not found:
        raise ValueError(f"No codec here writes {wanted} files{_why(str(wanted))}.")
    return min(found, key=is_external)


def is_suffix_of(codec: Codec, path: Path) -> bool:
    """Whether a file's suffix is the codec's own, or another one of its format."""
    wanted = format_of(path.suffix)
    if wanted is None:
        return path.suffix.lower() == codec.suffix.lower()
    return format_of(codec.suffix) == wanted


def _why(wanted: str) -> str:
    """Why the codecs with the name of a format cannot be used, if there are any."""
    start = wanted.lower().replace(" ", "_")
    reasons = [f"{name} {why}" for name, why in unavailable().items() if name.startswith(start)]
    return f": {'; '.join(reasons)}" if reasons else ""


def written_format(codec: Codec) -> str:
    """Format of a codec's files."""
    return format_of(codec.suffix) or codec.label


def suffixes_of(codec: Codec) -> frozenset[str]:
    """Suffixes of a codec's files: its own, and the others of its format."""
    return _SUFFIXES.get(written_format(codec), frozenset({codec.suffix.lower()}))


def decodable_suffixes() -> frozenset[str]:
    """Suffixes of the files whose codec need not be named."""
    named = (codec for codec in codecs().values() if format_of(codec.suffix))
    return frozenset(suffix for codec in named for suffix in suffixes_of(codec))
