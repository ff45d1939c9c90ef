"""The page on a data set of which WebP gives some images back exactly at its top setting."""

import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.store import ArtifactStore
from tests.dashboard.page_contents import OpenPage, captions
from tests.dashboard.views.rate_distortion.shown_tables import VIEW, points_frame

EXACT = 4
IMAGES = 6


@pytest.fixture
def exact_store(full_store: Path, tmp_path: Path) -> Path:
    """Folder of a store with the data set `mine`, measured by JPEG and WebP."""
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "exact"))
    for codec in ("jpeg", "webp"):
        key, file = f"results/imagenette160/{codec}", f"{codec}.parquet"
        table = pd.read_parquet(BytesIO(store.read(key, file)))
        if codec == "webp":
            top = table["setting"] == table.loc[table["bytes"].idxmax(), "setting"]
            is_exact = top & table["image"].isin(sorted(table["image"].unique())[:EXACT])
            table = table.assign(lossless=is_exact, psnr_db=table["psnr_db"].mask(is_exact, np.nan))
        data = BytesIO()
        table.to_parquet(data, index=False)
        facts = {"dataset": {"name": "mine", "sha256": "1" * 64, "images": IMAGES}}
        store.commit(f"results/mine/{codec}", {file: data.getvalue()}, facts=facts)
    return store.root


def test_no_mean_counts_them_and_the_codec_is_named(open_page: OpenPage, exact_store: Path) -> None:
    app = open_page(VIEW, exact_store, query={"dataset": "mine"})
    assert not app.exception
    assert f"the mean over {IMAGES - EXACT} of {IMAGES} images" in captions(app)
    assert f"came back exactly at some setting: WebP {EXACT}." in captions(app)
    assert set(points_frame(app)["images"]) == {IMAGES - EXACT}


@pytest.mark.parametrize("spread", ["10-90 % bars", "Single images"])
def test_the_psnr_of_the_mean_squared_error_counts_them_all(
    open_page: OpenPage, exact_store: Path, spread: str
) -> None:
    query = {"dataset": "mine", "mean": "Of the mean squared error", "spread": spread}
    app = open_page(VIEW, exact_store, query=query)
    assert not app.exception
    points = points_frame(app)
    assert set(points["images"]) == {IMAGES}
    assert np.isfinite(points["value"]).all()
    assert "came back exactly" not in captions(app)
