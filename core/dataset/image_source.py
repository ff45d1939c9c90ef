"""Where the images of an evaluation come from: a test split, or any folder."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from core.dataset import splits as dataset
from core.images import Image
from core.intake.decode import DecodedImage
from core.intake.door import DEFAULT_LIMITS, read_image
from core.intake.formats import IMAGE_SUFFIXES
from core.store import Artifact, ArtifactStore, ManifestState
from core.store.key import last_part

#: Seed of the choice of images for slow metrics, as in `core.dataset.splits.subset_ids`.
SUBSET_SEED = "subset"

#: Unicode categories that are not printable in a table: control characters, lone surrogates (names
#: that are not UTF-8) and line separators.
_UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}


@dataclass(frozen=True)
class Catalogue:
    """The images of a source.

    Attributes:
        ids: Id of each image, in alphabetical order.
        sha256: Digest over all images.
        subset: Ids of the images on which slow metrics are measured, in alphabetical order.
    """

    ids: tuple[str, ...]
    sha256: str
    subset: tuple[str, ...]


class ImageSource(Protocol):
    """Images by id; small and picklable, because it is sent to other processes."""

    def catalogue(self) -> Catalogue:
        """The images there are."""

    def read(self, image_id: str) -> Image:
        """Pixels of one image.

        Raises:
            ImageError: The image is not accepted.
            OSError: The image cannot be read.
        """


@dataclass(frozen=True)
class SplitSource:
    """The test split of a prepared data set.

    Attributes:
        root: Folder of the artifact store.
        name: Name of the data set.
    """

    root: Path
    name: str = dataset.DEFAULT

    def catalogue(self) -> Catalogue:
        """The images there are.

        Raises:
            ArtifactError: The data set was not prepared on this machine, or is damaged.
            ValueError: Its test split is empty.
        """
        found = ArtifactStore(self.root).load(dataset.dataset_key(self.name), _test_catalogue)
        if not found.ids:
            raise ValueError(f"The data set {self.name} has no test image to measure.")
        return found

    def read(self, image_id: str) -> Image:
        """Pixels of one image.

        Raises:
            ArtifactError: The data set is missing or damaged.
        """
        state = ArtifactStore(self.root).state(dataset.dataset_key(self.name))
        opened = _open_test_split(self, state)
        return np.array(opened.images[opened.positions[image_id]])


def _test_catalogue(artifact: Artifact) -> Catalogue:
    """Catalogue of the test split; ids and digest are from one snapshot of the data set."""
    array = dataset.array_file("test", last_part(artifact.key))
    ids = dataset.split_of(artifact, "test").ids
    subset = dataset.subset_of(dataset.index_of(artifact))
    return Catalogue(tuple(ids), artifact.manifest.files[array].sha256, tuple(subset))


class _OpenSplit(NamedTuple):
    images: Image
    positions: dict[str, int]


@lru_cache(maxsize=1)
def _open_test_split(source: SplitSource, _: ManifestState) -> _OpenSplit:
    """Test split, opened again once its data set was replaced: workers of a cluster live long."""
    split = dataset.open_split(ArtifactStore(source.root), "test", dataset=source.name)
    return _OpenSplit(split.images, {name: index for index, name in enumerate(split.ids)})


@dataclass(frozen=True)
class FolderSource:
    """All images below a folder, of any sizes; ids are paths inside the folder.

    Attributes:
        folder: The folder. Files are chosen by the usual endings of the accepted formats; hidden
            files and folders are left out.
    """

    folder: Path

    def catalogue(self) -> Catalogue:
        """The images there are.

        Raises:
            ValueError: There is none, or a name is not UTF-8.
            OSError: The folder or a file cannot be read.
        """
        digests = {name: _digest(self.folder / name) for name in self._names()}
        if not digests:
            raise ValueError(f"Expected a folder with images; {self.folder} holds none.")
        return Catalogue(tuple(digests), _digest_of(digests.items()), _subset(digests))

    def read(self, image_id: str) -> Image:
        """Pixels of one image, as the intake decodes them: upright sRGB on white."""
        return self.decode(image_id).pixels

    def decode(self, image_id: str) -> DecodedImage:
        """One image with its format and the notes on what decoding changed.

        Raises:
            ImageError: The image is not accepted.
            OSError: The image cannot be read.
        """
        return read_image(self.folder / image_id)

    def _names(self) -> list[str]:
        if not self.folder.is_dir():
            raise ValueError(f"Expected a folder with images; {self.folder} is not a folder.")
        found = (path for path in self.folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
        names = (path.relative_to(self.folder) for path in found if path.is_file())
        visible = (name for name in names if not any(part[0] == "." for part in name.parts))
        return sorted(_utf8(name.as_posix()) for name in visible)


def _utf8(name: str) -> str:
    if any(unicodedata.category(character) in _UNWRITABLE for character in name):
        raise ValueError(f"An image's name must be printable UTF-8; received {name!r}.")
    return name


def _digest(path: Path) -> str:
    """Digest of the content; of the length alone if the intake refuses files of that size."""
    length = path.stat().st_size
    if length > DEFAULT_LIMITS.max_bytes:
        return hashlib.sha256(f"{length} bytes".encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(items: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256(
        "\n".join(f"{sha256}  {name}" for name, sha256 in items).encode()
    ).hexdigest()


def _subset(digests: dict[str, str]) -> tuple[str, ...]:
    def rank(name: str) -> tuple[str, str]:
        return dataset.seeded_rank(digests[name], seed=SUBSET_SEED), name

    return tuple(sorted(sorted(digests, key=rank)[: dataset.SUBSET_COUNT]))
