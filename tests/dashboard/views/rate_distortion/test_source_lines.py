"""The lines on images that were compressed before and on curves that fall."""

import shutil
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.dataset import compressed_before
from core.store import ArtifactStore
from tests.dashboard.page_contents import OpenPage
from tests.dashboard.views.rate_distortion.shown_tables import VIEW

BLOCKS, FALLS = "were probably JPEG files before", "More bytes give a lower quality"


def lines(app: AppTest) -> list[str]:
    return [one.value for one in app.info if BLOCKS in one.value or FALLS in one.value]


@pytest.mark.slow
def test_blocks_of_jpeg_and_a_curve_that_falls_are_named_on_the_page(
    open_page: OpenPage, full_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compressed_before, "_JPEG_NOTE", "Blocks.")
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "mine"))
    table = pd.read_parquet(BytesIO(store.read("results/imagenette160/jpeg", "jpeg.parquet")))
    table.loc[table["setting"] == "quality=90", "psnr_db"] -= 10
    data = BytesIO()
    table.to_parquet(data, index=False)
    notes = {"notes": {"Blocks.": 2}}
    store.commit("results/mine/jpeg", {"jpeg.parquet": data.getvalue()}, facts=notes)
    app = open_page(VIEW, store.root, query={"dataset": "mine"})
    assert not app.exception
    images = table["image"].nunique()
    blocks, falls = lines(app)
    assert blocks.startswith(f"2 of {images} images were probably JPEG files before")
    assert "JPEG (quality=75 to quality=90)" in falls
    assert lines(open_page(VIEW, full_store)) == []
