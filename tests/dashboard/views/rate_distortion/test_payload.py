"""The view without containers, and which images the lossless codecs' rates are over."""

import shutil
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

import dashboard.data.curves as curves
from core.store import ArtifactStore
from dashboard.data.curves import View, load_bd_table, load_lossless, load_measurements
from tests.dashboard.page_contents import OpenPage, captions, chart
from tests.dashboard.views.rate_distortion.shown_tables import VIEW

PAYLOAD = {"rate": "Without containers"}
OVERHEADS = {"jpeg": 600, "webp": 40, "tiff_lzw": 300}


@pytest.fixture
def store(full_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArtifactStore:
    """A copy of the full store, of codecs whose containers are known but for AVIF's."""
    monkeypatch.setattr(curves, "containers", lambda store: OVERHEADS)
    copied = ArtifactStore(shutil.copytree(full_store, tmp_path / "payload"))
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(copied.root))
    return copied


def mark_rate(figure: dict) -> float:
    return next(trace["x"][0] for trace in figure["data"] if "lossless" in trace["name"])


def test_everything_on_the_page_is_without_containers_and_what_is_not_drawn_is_named(
    open_page: OpenPage, store: ArtifactStore
) -> None:
    codecs = {"codecs": ["JPEG", "AVIF 4:4:4", "TIFF, LZW"]}
    whole = open_page(VIEW, store.root, query=codecs)
    app = open_page(VIEW, store.root, query=codecs | PAYLOAD)
    assert not app.exception
    assert "The rate leaves out the container: headers, tables and boxes." in captions(app)
    assert "whole file" not in captions(app)
    assert "Not drawn: AVIF 4:4:4." in captions(app)
    assert "Not drawn" not in captions(whole)
    saved = mark_rate(chart(whole, "curves")) - mark_rate(chart(app, "curves"))
    assert saved == pytest.approx(8 * OVERHEADS["tiff_lzw"] / 160**2)


def test_other_containers_give_other_rates_and_bd_rates(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = View("imagenette160", "ssim", payload=True)
    found = []
    for overheads in (OVERHEADS, OVERHEADS | {"jpeg": 100}):
        monkeypatch.setattr(curves, "load_overheads", lambda found=overheads: found)
        rates = load_measurements(view)["jpeg"].bits_per_pixel
        table = load_bd_table(view, "jpeg").set_index("codec")
        found.append((rates.mean(), table.loc["webp", "bd_rate_percent"]))
        curves._bd_table.clear()  # as a server that is started again
    (few, against_few), (many, against_many) = found
    assert many > few
    assert against_many < against_few


def test_rates_of_lossless_codecs_are_over_the_images_of_the_curves(store: ArtifactStore) -> None:
    key = "results/imagenette160/webp"
    table = pd.read_parquet(BytesIO(store.read(key, "webp.parquet")))
    lost = table["image"].iloc[0]
    table.loc[table["image"] == lost, "error"] = "refused"
    data = BytesIO()
    table.to_parquet(data, index=False)
    store.commit(key, {"webp.parquet": data.getvalue()}, facts=store.manifest(key).facts)
    view = View("imagenette160", "psnr_db")
    images = load_measurements(view)["jpeg"].images
    assert lost not in images
    assert set(load_lossless(view)["images"]) == {len(images)} == {table["image"].nunique() - 1}
    assert set(load_lossless(View("imagenette160", "ssimulacra2"))["images"]) == {1}
