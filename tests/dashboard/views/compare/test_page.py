import shutil
from pathlib import Path

import numpy as np
import pytest

from core.codecs import get_codec
from core.dataset.splits import open_split
from core.evaluation.search_starts import COMPARED_FIRST
from core.images import Image
from core.png import encode_png
from core.store import ArtifactStore
from dashboard.data import reconstructions
from tests.dashboard.page_contents import OpenPage, image_files
from tests.dashboard.views.compare.compared import QUICK, magnified, page_text, shown_as, upload
from tests.load.mutators import GOLDEN


def test_the_page_opens_on_a_sample_and_says_limits_and_privacy_before_an_upload(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("compare", full_store, query=QUICK)
    assert not app.exception
    text = page_text(app)
    assert "up to 20 MB and 16 megapixels" in text
    assert "is processed in memory and is not stored" in text
    helps = [caption.help for caption in app.caption]
    assert any("gets the image in a temporary file, which is deleted" in help for help in helps)
    assert "451 x 300 pixels" in text
    assert "Nothing is resized" in text
    assert "whole file" in text
    assert app.dataframe[0].value["label"].tolist() == ["JPEG", "WebP"]


@pytest.mark.slow
def test_what_everybody_sees_first_is_computed_beforehand_and_says_so(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    start = reconstructions.start_tasks
    watched = lambda calls, **how: asked.extend(calls) or start(calls, **how)  # noqa: E731
    monkeypatch.setattr(reconstructions, "start_tasks", watched)
    app = open_page("compare", ArtifactStore.default().root, query={})
    assert not app.exception
    assert asked == []
    assert len(app.dataframe[0].value) == len(COMPARED_FIRST)
    assert "computed here when you choose it" in page_text(app)
    assert "Found: **quality=" in page_text(app)
    app.select_slider(key="jpeg_quality").set_value(50.0).run()
    assert len(asked) == len(COMPARED_FIRST)


def test_the_link_restores_dials_and_knobs(open_page: OpenPage, full_store: Path) -> None:
    query = {**QUICK, "codecs": "JPEG", "jpeg_quality": "30", "jpeg_subsampling": "4:4:4"}
    app = open_page("compare", full_store, query=query)
    assert app.dataframe[0].value["setting"].tolist() == ["quality=30, subsampling=4:4:4"]


@pytest.mark.slow
def test_turning_one_dial_leaves_the_measured_times_of_the_others_alone(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("compare", full_store, query=QUICK)
    before = app.dataframe[0].value
    app.select_slider(key="webp_quality").set_value(20.0).run()
    after = app.dataframe[0].value
    assert after["encode_ms"][0] == before["encode_ms"][0]
    assert after["bytes"][1] < before["bytes"][1]


def test_untrained_codecs_stand_disabled_with_the_command_that_trains_them(
    open_page: OpenPage, empty_store: Path
) -> None:
    app = open_page("compare", empty_store, query=QUICK)
    assert not app.exception
    disabled = {box.label for box in app.checkbox if box.disabled}
    assert {get_codec(name).label for name in ("ae80", "ae40", "ae20")} <= disabled
    assert any("pipelines.train ae80" in code.value for code in app.code)
    assert "BNK visual" in disabled
    assert any("--preset visual --name bottleneck_visual" in code.value for code in app.code)
    assert len(app.dataframe) == 1


def test_the_model_for_the_eye_is_compared_at_first_as_soon_as_it_is_there(
    open_page: OpenPage, full_store: Path, tmp_path: Path
) -> None:
    before = open_page("compare", full_store)
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "visual"))
    golden = (GOLDEN / "models" / "bottleneck").iterdir()
    files = {f"bottleneck_visual/{path.name}": path.read_bytes() for path in golden}
    store.commit("models/bottleneck_visual", files, facts={})
    after = open_page("compare", store.root)
    assert not after.exception
    added = set(after.multiselect(key="codecs").value) - set(before.multiselect(key="codecs").value)
    assert added == {"bottleneck_visual"}


def test_a_damaged_store_costs_nothing_here(open_page: OpenPage, damaged_store: Path) -> None:
    app = open_page("compare", damaged_store, query=QUICK)
    assert not app.exception
    assert len(app.dataframe) == 1


@pytest.mark.slow
def test_without_a_codec_the_page_asks_for_one(open_page: OpenPage, empty_store: Path) -> None:
    app = open_page("compare", empty_store, query=QUICK)
    app.multiselect(key="codecs").set_value([]).run()
    assert "Choose at least one codec" in page_text(app)


def test_a_link_brings_a_test_image_with_its_codec_at_its_setting(
    open_page: OpenPage, full_store: Path
) -> None:
    split = open_split(ArtifactStore(full_store), "test")
    query = {"image": split.ids[2], "codecs": "JPEG", "jpeg_quality": "50", "mode": "My settings"}
    app = open_page("compare", full_store, query=query)
    assert not app.exception
    assert f"Test image: {split.classes[2]}, {split.ids[2]}" in page_text(app)
    original = np.asarray(split.images[2])
    assert shown_as(magnified(original, 2)) in image_files(app)
    row = app.dataframe[0].value.iloc[0]
    assert row["bytes"] == len(get_codec("jpeg").at(50).encode(original))


def test_a_test_image_that_is_not_on_this_machine_is_said_with_the_command(
    open_page: OpenPage, empty_store: Path
) -> None:
    app = open_page("compare", empty_store, query={"image": "n1/x", "codecs": "JPEG"})
    assert not app.exception
    assert any("pipelines.prepare" in code.value for code in app.code)
    assert "Sample: Astronaut" in page_text(app), "the page goes on with a sample"


@pytest.mark.slow
def test_the_payload_stands_beside_the_whole_file_only_on_request(
    open_page: OpenPage, full_store: Path
) -> None:
    assert "payload_bytes" not in open_page("compare", full_store, query=QUICK).dataframe[0].value
    app = open_page("compare", full_store, query={**QUICK, "count": "Also without header"})
    frame = app.dataframe[0].value
    assert (frame["payload_bytes"] == frame["bytes"] - frame["container_bytes"]).all()
    assert frame["container_bytes"].tolist()[0] > 600  # JPEG's tables and headers


@pytest.mark.slow
def test_the_curve_of_ones_own_image_has_points_and_bd_rates(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    app = open_page("compare", empty_store, query=QUICK)
    upload(app, encode_png(photograph))
    app.toggle(key="curve").set_value(True).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    rates = app.dataframe[-1].value
    assert rates["Codec"].tolist() == ["WebP"]
    assert -80 < float(rates["BD-rate (%)"][0]) < 0
    assert "interval" not in rates["Note"][0]  # of one image, and the table has none
