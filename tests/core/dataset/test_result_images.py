"""Where the images of results are found again."""

from pathlib import Path

import pytest

from core.dataset.image_source import FolderSource
from core.dataset.result_images import images_of_results, remember_folder
from core.store import ArtifactStore, MissingArtifact


def test_the_folder_of_an_evaluation_is_found_by_the_name_of_its_results(tmp_path: Path) -> None:
    store, folder = ArtifactStore(tmp_path / "artifacts"), tmp_path / "photos ü"
    folder.mkdir()
    remember_folder(store, "mine", tmp_path / "before")
    remember_folder(store, "mine", folder)
    assert images_of_results(store, "mine") == FolderSource(folder)


def test_images_that_are_not_here_are_named_with_the_command_that_measures_them(
    tmp_path: Path,
) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    with pytest.raises(MissingArtifact) as never:
        images_of_results(store, "mine")
    remember_folder(store, "mine", tmp_path / "gone")
    with pytest.raises(MissingArtifact, match="gone is not there any more") as gone:
        images_of_results(store, "mine")
    for found in (never, gone):
        assert found.value.command.endswith("evaluate --images DIR --dataset mine")
