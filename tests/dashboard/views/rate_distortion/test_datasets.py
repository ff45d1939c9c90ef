import shutil
from io import BytesIO

import pandas as pd
import pytest

from core.metrics.psnr_db import LABEL as PSNR
from core.store import ArtifactStore
from tests.dashboard.page_contents import captions, chart, trace_names
from tests.dashboard.views.rate_distortion.shown_tables import VIEW


@pytest.mark.slow
def test_a_named_data_set_is_offered_and_compared_within_itself_alone(
    open_page, full_store, tmp_path
):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "two"))
    for codec in ("jpeg", "webp"):
        table = store.read(f"results/imagenette160/{codec}", f"{codec}.parquet")
        facts = {"dataset": {"name": "mine", "sha256": "1" * 64}}
        store.commit(f"results/mine/{codec}", {f"{codec}.parquet": table}, facts=facts)
    app = open_page(VIEW, store.root)
    assert app.selectbox(key="dataset").options == ["imagenette160", "mine"]
    assert app.selectbox(key="dataset").value == "imagenette160"
    assert "AVIF 4:4:4" in trace_names(chart(app, "curves"))
    app.selectbox(key="dataset").set_value("mine").run()
    assert not app.exception
    assert set(trace_names(chart(app, "curves"))) == {"JPEG", "WebP"}
    assert "results/imagenette160" not in captions(app)


@pytest.mark.slow
def test_images_of_mixed_sizes_have_rates_per_image_and_per_pixel(open_page, full_store, tmp_path):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "mixed"))
    key = "results/imagenette160/jpeg"
    table = pd.read_parquet(BytesIO(store.read(key, "jpeg.parquet")))
    first = table["image"].iloc[0]
    table.loc[table["image"] == first, ["width", "height"]] = 320
    data = BytesIO()
    table.to_parquet(data, index=False)
    store.commit("results/mixed/jpeg", {"jpeg.parquet": data.getvalue()}, facts={})
    app = open_page(VIEW, store.root, query={"dataset": "mixed"})
    assert not app.exception
    assert "2 sizes, from 160x160 to 320x320" in captions(app)
    explained = app.segmented_control(key="metric").help
    command = "python -m pipelines.evaluate --images DIR --dataset mixed --metric ms_ssim"
    assert f"Not measured here: MS-SSIM. `{command}` adds them" in explained
    [rates] = [one.value for one in app.dataframe if "bits_per_pixel_of_all" in one.value]
    assert (rates["bits_per_pixel_of_all"] < rates["bits_per_pixel"]).all()
    assert [[*one.value] for one in app.table] == [["Codec", "bpp", "x JPEG"], ["Codec", PSNR]]
    plain = open_page(VIEW, full_store)
    assert all("Bytes" in one.value for one in plain.table)
    assert not any("bits_per_pixel_of_all" in one.value for one in plain.dataframe)
    assert "sizes, from" not in captions(plain)
