"""The gallery of data sets that a person measured under a name."""

import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from core.dataset.photographs import photographs
from core.store import ArtifactStore
from pipelines.evaluate import step as evaluate
from tests.dashboard.page_contents import components

VIEW = "gallery"


def tiles(app):
    """Header of the tiles on the page."""
    return next((header for header, _ in components(app) if isinstance(header, list)), [])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder with a small image and a larger one below it."""
    image = PIL.Image.fromarray(photographs()["Coffee cup"])
    (tmp_path / "images" / "sub").mkdir(parents=True)
    image.resize((96, 64)).save(tmp_path / "images" / "small.png")
    image.resize((400, 266)).save(tmp_path / "images" / "sub" / "large.png")
    return tmp_path / "images"


@pytest.fixture
def store(full_store: Path, folder: Path, tmp_path: Path, monkeypatch) -> Path:
    """Folder of the full store, with JPEG measured on the folder of images as `mine`."""
    root = shutil.copytree(full_store, tmp_path / "artifacts")
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(root))
    flags = ["jpeg", "--images", str(folder), "--dataset", "mine", "--jobs", "1"]
    assert evaluate.main(flags) == 0
    return root


@pytest.mark.slow
def test_images_of_a_folder_are_shown_with_large_ones_by_their_centre(open_page, store, folder):
    app = open_page(VIEW, store, query={"dataset": "mine", "codec": "JPEG"})
    assert not app.exception
    shown = {tile["id"]: tile["images"][0] for tile in tiles(app)}
    assert {name: (one["width"], one["height"]) for name, one in shown.items()} == {
        "small.png": (96, 64),
        "sub/large.png": (240, 240),
    }
    assert any("a tile shows the centre" in caption.value for caption in app.caption)
    assert "another PSNR than the recorded" not in " ".join(one.value for one in app.caption)

    (folder / "small.png").unlink()
    app = open_page(VIEW, store, query={"dataset": "mine", "codec": "JPEG"})
    assert not app.exception
    assert [tile["id"] for tile in tiles(app)] == ["sub/large.png"]
    assert "small.png cannot be shown" in app.warning[0].value.replace("\\", "")

    app = open_page(VIEW, store, query={"dataset": "mine", "image": "../../secret.png"})
    assert not app.exception
    assert any("not among these" in info.value for info in app.info)

    shutil.rmtree(folder)
    app = open_page(VIEW, store, query={"dataset": "mine"})
    assert not app.exception
    assert any("--images DIR --dataset mine" in code.value for code in app.code)
    assert np.all([tile["id"] in photographs() for tile in tiles(app)])
    assert ArtifactStore(store).exists("results/mine/jpeg")
