"""Where on this machine the images of stored results are: a prepared data set, or a folder."""

import os
from pathlib import Path

from core.dataset.image_source import FolderSource, ImageSource, SplitSource
from core.dataset.splits import DEFAULT, prepared_datasets
from core.store import ArtifactError, ArtifactStore, MissingArtifact
from core.store.key import file_name


def remember_folder(store: ArtifactStore, dataset: str, folder: Path) -> None:
    """Writes down which folder the images of a data set were measured in.

    It goes to the cache, which stays on this machine: a path is of no use elsewhere, and says
    how a person's files are named.

    Args:
        store: Where results are kept.
        dataset: Name of the results' data set.
        folder: Absolute path of the folder.
    """
    key, content = _key(dataset), os.fsencode(folder)
    if _read(store, key) != content:
        store.commit(key, {file_name(key, "path"): content}, facts={})


def remembered_folder(store: ArtifactStore, dataset: str) -> Path | None:
    """Folder that a data set was last measured in on this machine; None where it is not known."""
    content = _read(store, _key(dataset))
    return None if content is None else Path(os.fsdecode(content))


def images_of_results(store: ArtifactStore, dataset: str) -> ImageSource:
    """Images that the results of a data set are of; one of a folder may have changed since.

    No folder is measured under the name of the default data set, so that its images, where they are
    not on this machine, are missing only when they are read.

    Raises:
        ArtifactError: It is neither a prepared data set nor one of a folder on this machine.
    """
    if dataset == DEFAULT or dataset in prepared_datasets(store):
        return SplitSource(store.root, dataset)
    key = _key(dataset)
    folder = Path(os.fsdecode(store.read(key, file_name(key, "path"))))
    if not folder.is_dir():
        raise MissingArtifact(key, str(folder), "is not there any more", store.root)
    return FolderSource(folder)


def _read(store: ArtifactStore, key: str) -> bytes | None:
    try:
        return store.read(key, file_name(key, "path"))
    except ArtifactError:
        return None


def _key(dataset: str) -> str:
    return f"cache/evaluate/{dataset}"
