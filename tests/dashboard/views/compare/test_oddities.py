import shutil
from pathlib import Path

import numpy as np
import pytest

from core.dataset.splits import open_split
from core.dataset.traits import load_ranges, oddities
from core.images import Image
from core.png import encode_png
from core.store import ArtifactStore
from pipelines import describe
from tests.dashboard.page_contents import OpenPage
from tests.dashboard.views.compare.compared import (
    LEARNED,
    QUICK,
    page_text,
    upload,
    with_learned_codec,
)


@pytest.fixture
def described_store(full_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the full store with the traits of its training images."""
    root = shutil.copytree(full_store, tmp_path / "described")
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(root))
    assert describe.main([]) == 0
    return with_learned_codec(root)


@pytest.mark.slow
def test_a_drawing_is_said_to_be_unlike_the_training_images(
    open_page: OpenPage, described_store: Path, photograph: Image
) -> None:
    drawing = np.full((200, 300, 3), 255, np.uint8)
    drawing[50:60, 20:280] = 0
    app = upload(open_page("compare", described_store, query=LEARNED), encode_png(drawing))
    assert not app.exception
    assert "Looks like a screenshot" in page_text(app)
    assert "expect the learned codecs to do worse" in page_text(app)
    assert "equal to their right neighbour" in page_text(app)
    alone = upload(open_page("compare", described_store, query=QUICK), encode_png(drawing))
    assert "learned codecs" not in page_text(alone), "JPEG and WebP alone are not concerned"


@pytest.mark.slow
def test_an_image_of_one_pixel_is_like_nothing(open_page: OpenPage, described_store: Path) -> None:
    app = open_page("compare", described_store, query=LEARNED)
    upload(app, encode_png(np.zeros((1, 1, 3), np.uint8)))
    assert not app.exception
    assert "Looks like" not in page_text(app)


@pytest.mark.slow
def test_a_training_image_is_no_warning(open_page: OpenPage, described_store: Path) -> None:
    image = np.asarray(open_split(ArtifactStore(described_store), "train").images[4])
    app = upload(open_page("compare", described_store, query=LEARNED), encode_png(image))
    inside = not oddities(image, load_ranges(ArtifactStore(described_store)))
    assert (len(app.warning) == 0) == inside


def test_without_the_statistics_the_page_names_the_command(
    open_page: OpenPage, empty_store: Path
) -> None:
    app = open_page("compare", with_learned_codec(empty_store), query=LEARNED)
    assert "python -m pipelines.describe" in page_text(app)
