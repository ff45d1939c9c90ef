import shutil

import numpy as np
import pytest

from core.store import ArtifactStore
from pipelines import import_results
from tests.dashboard.page_contents import captions, chart, trace_names
from tests.dashboard.views.rate_distortion.shown_tables import VIEW, bd_frame


@pytest.mark.slow
def test_published_curves_lie_over_an_evaluation_on_kodak_and_no_other(
    open_page, full_store, tmp_path
):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "with-kodak"))
    key = "results/imagenette160/jpeg"
    facts, table = store.manifest(key).facts, store.read(key, "jpeg.parquet")
    store.commit("results/kodak/jpeg", {"jpeg.parquet": table}, facts=facts)
    elsewhere = open_page(VIEW, store.root)
    assert not any("published" in name for name in trace_names(chart(elsewhere, "curves")))
    app = open_page(VIEW, store.root, query={"dataset": "kodak"})
    assert {"JPEG", "VTM (published)"} <= set(trace_names(chart(app, "curves")))
    assert "quoted and not measured here" in captions(app)
    app.multiselect(key="quoted").set_value(["published/AV1"]).run()
    assert [n for n in trace_names(chart(app, "curves")) if "published" in n] == ["AV1 (published)"]
    app.segmented_control(key="metric").set_value("ssim").run()
    assert not any("published" in name for name in trace_names(chart(app, "curves")))


@pytest.mark.slow
def test_imported_curves_are_dashed_beside_ours_with_their_source_and_bd_rates(
    open_page, full_store, tmp_path, monkeypatch
):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "with-import"))
    curve = tmp_path / "vvenc.csv"
    points = [f"VVenC,{rate},{20 + 8 * rate}\n" for rate in (0.5, 1, 2, 3)]
    curve.write_text("codec,bpp,psnr\n" + "".join(points))
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(store.root))
    flags = ["--dataset", "imagenette160", "--source", "Somebody, 2026, *by hand*"]
    assert import_results.main([str(curve), *flags]) == 0
    app = open_page(VIEW, store.root)
    assert not app.exception
    drawn = chart(app, "curves")["data"]
    [trace] = [one for one in drawn if one.get("name") == "VVenC (vvenc)"]
    assert (trace["mode"], trace["line"]["dash"]) == ("lines", "dash")
    assert "Somebody, 2026, *by hand*" in " ".join(text.value for text in app.text)
    assert "VVenC (vvenc): 1 of 4." in " ".join(text.value for text in app.text)
    row = bd_frame(app).set_index("label").loc["VVenC (vvenc)"]
    assert np.isfinite(row["bd_rate_percent"])
    assert np.isnan(row["low_percent"])
    assert "VVenC (vvenc)" in chart(app, "matrix")["data"][0]["x"]
    app.selectbox(key="anchor").set_value("vvenc/VVenC").run()
    assert not app.exception
    assert "JPEG" in set(bd_frame(app)["label"])
    app.multiselect(key="quoted").set_value([]).run()
    assert not app.exception
    assert "VVenC (vvenc)" not in trace_names(chart(app, "curves"))
    findings = open_page("findings", store.root)
    assert not findings.exception
    assert "VVenC" not in " ".join(one.value for one in [*findings.markdown, *findings.caption])
