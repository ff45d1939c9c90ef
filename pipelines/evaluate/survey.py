"""Says before an evaluation what decoding changes in a person's images, and which are refused."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from core.dataset.compressed_before import jpeg_note
from core.dataset.image_source import FolderSource
from core.dataset.result_images import remembered_folder
from core.evaluation.results import digests_of_images
from core.intake.errors import ImageError
from core.store import ArtifactStore
from pipelines.base import UserError

_DECODERS = 2

#: Names of images that a line lists.
_MAX_NAMES = 5


def check_folder(store: ArtifactStore, dataset: str, folder: Path, digest: str) -> None:
    """Refuses to put the results of one folder in the place of another one's.

    Args:
        store: Where the results are.
        dataset: Name under which they are kept.
        folder: Folder that is to be measured.
        digest: sha256 of its images.

    Raises:
        UserError: There are results of other images, not of an earlier state of this folder.
    """
    if remembered_folder(store, dataset) == folder:
        return
    measured = digests_of_images(store, dataset)
    if others := [codec for codec, found in measured.items() if found != digest]:
        raise UserError(
            f"{dataset} holds results of other images ({', '.join(others)}). Give these images "
            "another --dataset, or measure them in the place of those with --replace."
        )


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
