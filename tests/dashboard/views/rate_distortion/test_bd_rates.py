import shutil
from io import BytesIO

import pandas as pd
import pytest

from core.store import ArtifactStore
from tests.dashboard.page_contents import chart, trace_names
from tests.dashboard.views.rate_distortion.shown_tables import VIEW, bd_frame


def test_bd_rates_stand_with_interval_and_overlap_against_the_anchor(open_page, full_store):
    table = bd_frame(open_page(VIEW, full_store)).set_index("codec")
    assert "jpeg" not in table.index
    webp = table.loc["webp"]
    assert webp["low_percent"] <= webp["bd_rate_percent"] <= webp["high_percent"]
    assert 0 < webp["overlap_percent"] <= 100


@pytest.mark.slow
def test_one_codec_alone_has_a_curve_and_no_bd_rate(open_page, full_store):
    app = open_page(VIEW, full_store)
    app.multiselect(key="codecs").set_value(["jpeg"]).run()
    assert not app.exception
    assert trace_names(chart(app, "curves")) == ["JPEG"]
    assert "second codec" in app.info[0].value


@pytest.mark.slow
def test_bd_rates_lie_on_the_disk_for_the_next_server_and_follow_the_results(
    open_page, full_store, tmp_path
):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "kept"))
    query = {"metric": "SSIM"}  # those by PSNR are stored with the results
    first = bd_frame(open_page(VIEW, store.root, query=query))
    name = "bd-rate-imagenette160-ssim-jpeg"
    key = f"cache/dashboard/{name}"
    kept = pd.read_parquet(BytesIO(store.read(key, f"{name}.parquet")))
    assert set(kept["codec"]) >= set(first["codec"])
    state = store.manifest(key).facts["state"]
    store.delete("results/imagenette160/webp")
    second = bd_frame(open_page(VIEW, store.root, query=query))
    assert store.manifest(key).facts["state"] != state
    assert set(first["codec"]) - set(second["codec"]) == {"webp"}
