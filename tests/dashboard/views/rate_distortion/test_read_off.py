import shutil
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from core.store import ArtifactStore
from tests.dashboard.page_contents import chart, trace_names
from tests.dashboard.views.rate_distortion.shown_tables import VIEW


def test_the_bytes_at_a_quality_are_read_off_with_a_line_on_the_chart(open_page, full_store):
    app = open_page(VIEW, full_store, query={"at_psnr_db": "32"})
    table = app.table[0].value
    jpeg = table.set_index("Codec").loc["JPEG"]
    assert jpeg["x JPEG"] == pytest.approx(1.0)
    assert jpeg["Bytes"] == pytest.approx(jpeg["bpp"] * 160 * 160 / 8, abs=0.51)
    assert table["bpp"].is_monotonic_increasing
    layout = chart(app, "curves")["layout"]
    assert [shape["y0"] for shape in layout["shapes"] if shape["y0"] == shape["y1"]] == [32.0]
    texts = {note["text"] for note in layout["annotations"]}
    assert texts == {"32.00 dB", "1 bpp"}


def test_at_a_rate_the_best_codec_stands_first(open_page, full_store):
    app = open_page(VIEW, full_store, query={"at_rate": "1.5"})
    table = app.table[1].value
    assert set((table["Bytes"] * 8 / 160**2).round(9)) == {1.5}
    assert table["PSNR (dB)"].dropna().is_monotonic_decreasing


@pytest.mark.slow
def test_a_metric_that_some_codecs_lack_is_read_off_and_says_which_with_the_command(
    open_page, full_store, tmp_path
):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "added"))
    for codec in ("jpeg", "webp", "avif_444", "ae80", "ae40", "ae20"):
        key, file = f"results/imagenette160/{codec}", f"{codec}.parquet"
        table = pd.read_parquet(BytesIO(store.read(key, file)))
        table["psnr_hvs_m"] = table["psnr_db"] + 3 if codec in ("jpeg", "webp") else np.nan
        data = BytesIO()
        table.to_parquet(data, index=False)
        store.commit(key, {file: data.getvalue()}, facts=store.manifest(key).facts)
    app = open_page(VIEW, store.root, query={"metric": "psnr_hvs_m"})
    app.segmented_control(key="metric").set_value("psnr_hvs_m").run()
    assert not app.exception
    assert {"JPEG", "WebP"} <= set(trace_names(chart(app, "curves")))
    [line] = [one.value for one in app.info if "Not measured for" in one.value]
    assert "AVIF 4:4:4" in line
    assert "evaluate ae20 ae40 ae80 avif_444 --metric psnr_hvs_m" in line
    assert 15 < app.number_input(key="at_psnr_hvs_m").value < 60
    explained = app.segmented_control(key="metric").help
    assert explained.endswith("Not defined for images as small as these: MS-SSIM.")
    assert "Not measured here" not in explained
