"""Says before an evaluation what decoding changes in a person's images, and which are refused."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from core.dataset.compressed_before import jpeg_note
from core.dataset.image_source import FolderSource
from core.intake.errors import ImageError

_DECODERS = 2

#: Names of images that a line lists.
_MAX_NAMES = 5


def tell_changes(
    source: FolderSource, ids: Iterable[str], say: Callable[[str], None]
) -> dict[str, int]:
    """Decodes every image once and says a line for each kind of change and of refusal.

    Returns the number of images by line, without their names.

    Args:
        source: The images.
        ids: Their names.
        say: Takes each line.
    """
    found: dict[str, list[str]] = defaultdict(list)
    ids = list(ids)
    with ThreadPoolExecutor(_DECODERS) as pool:
        examined = pool.map(partial(_examine, source), ids)
        for name, sentences in zip(ids, examined, strict=True):
            for sentence in sentences:
                found[sentence].append(name)
    for sentence, names in found.items():
        rest = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
        say(f"{', '.join(names[:_MAX_NAMES])}{rest}: {sentence}")
    return {sentence: len(names) for sentence, names in found.items()}


def _examine(source: FolderSource, name: str) -> tuple[str, ...]:
    """Notes on one image, also on an earlier compression, or why it is refused."""
    try:
        decoded = source.decode(name)
        note = jpeg_note(decoded.pixels)
        return (*decoded.notes, *([note] if note else []))
    except ImageError as error:
        return (str(error),)
    except OSError as error:
        return (f"The file cannot be read: {error.strerror}.",)
