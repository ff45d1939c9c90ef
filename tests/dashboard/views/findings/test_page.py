import shutil
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.claims import Outcome, verdicts
from core.analysis.findings import method_rows
from core.analysis.published import THESIS
from core.evaluation.measurements import summary
from core.evaluation.results import load_results
from core.evaluation.table import from_parquet, to_parquet
from core.store import ArtifactStore
from dashboard.views.findings.claims import curve_labels
from tests.dashboard.page_contents import OpenPage


def _text(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption, *app.warning])


def _methods(app: AppTest) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if "published_psnr_db" in table.value)


def _verdicts(app: AppTest) -> list[str]:
    marks = [outcome.capitalize() for outcome in Outcome]
    return [mark for text in app.markdown for mark in marks if f" {mark}]" in text.value]


def _charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


def _downloads(app: AppTest) -> set[str]:
    return {button.label for button in app.get("download_button")}


@pytest.fixture
def full_page(open_page: OpenPage, full_store: Path) -> AppTest:
    return open_page("findings", full_store)


def test_a_full_store_shows_ten_measured_methods(full_page: AppTest) -> None:
    assert not full_page.exception
    table = _methods(full_page)
    assert table["label"].tolist() == [figure.label for figure in THESIS]
    assert table[["psnr_db", "bytes", "bits_per_pixel"]].notna().all(axis=None)
    assert table["psnr_db"].iloc[-1] == "∞"


@pytest.mark.slow
def test_findings_of_a_store_with_two_data_sets_speak_of_one_alone(
    open_page: OpenPage, full_store: Path, full_page: AppTest, tmp_path: Path
) -> None:
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "two"))
    for codec in ("jpeg", "avif_444"):
        table = from_parquet(store.read(f"results/imagenette160/{codec}", f"{codec}.parquet"))
        place = table.schema.get_field_index("psnr_db")
        better = pc.add(table["psnr_db"], 10.0).cast(table["psnr_db"].type)
        data = to_parquet(table.set_column(place, table.schema.field(place), better))
        facts = {"dataset": {"name": "mine", "sha256": "1" * 64}}
        store.commit(f"results/mine/{codec}", {f"{codec}.parquet": data}, facts=facts)
    page = open_page("findings", store.root)
    assert not page.exception
    assert _text(page).replace(str(store.root), str(full_store)) == _text(full_page)
    assert [table.value.to_csv() for table in page.dataframe] == [
        table.value.to_csv() for table in full_page.dataframe
    ]
    assert [chart.proto.spec for chart in page.get("plotly_chart")] == [
        chart.proto.spec for chart in full_page.get("plotly_chart")
    ]


def test_the_figures_shown_are_those_of_the_results(full_page: AppTest, full_store: Path) -> None:
    frame = load_results(ArtifactStore(full_store), "imagenette160").frame
    rows = frame[(frame["codec"] == "jpeg") & (frame["dial"] == 75)]
    shown = _methods(full_page).set_index("method").loc["jpeg-75"]
    assert shown["psnr_db"] == f"{rows['psnr_db'].mean():.2f}"
    assert shown["bytes"] == round(rows["bytes"].mean())


def test_levels_of_the_thesis_are_not_compared_and_the_table_tells_by_how_much_they_moved(
    full_page: AppTest,
) -> None:
    told = " ".join(one.value for one in full_page.caption)
    assert "its levels are not to be compared with these" in told
    assert "levels are higher" not in told
    table = next(one.value for one in full_page.dataframe if "psnr_difference_db" in one.value)
    moved = table[~table["method"].str.startswith("ae-")]["psnr_difference_db"].dropna()
    assert f"change by up to {moved.max() - moved.min():.2f} dB" in told
    assert "carry over" not in told


def test_each_claim_shows_the_verdict_that_the_results_give(
    full_page: AppTest, full_store: Path
) -> None:
    frame = load_results(ArtifactStore(full_store), "imagenette160").frame
    judged = verdicts(method_rows(summary(frame)), frame)
    expected = [verdict.outcome.capitalize() for verdict in judged]
    assert _verdicts(full_page) == expected
    assert "times the bytes" in _text(full_page)


def test_the_sentences_are_computed_and_the_figures_drawn(full_page: AppTest) -> None:
    assert "fewer bytes than JPEG" in _text(full_page)
    assert "TIFF with LZW keeps every pixel" in _text(full_page)
    assert _charts(full_page) == 2


def test_the_first_screen_has_three_figures_and_then_the_curve(full_page: AppTest) -> None:
    assert len(full_page.metric) == 2  # this store has no results of BNK
    assert [metric.label for metric in full_page.metric][-1] == "Claims of the thesis"
    assert full_page.metric[0].value.endswith("\u00d7")
    assert "of the test images unless others are named" in full_page.markdown[0].value


def test_any_two_methods_are_compared_in_one_sentence(
    open_page: OpenPage, full_store: Path
) -> None:
    query = {"first": "WebP, quality 50", "second": "JPEG, quality 75"}
    app = open_page("findings", full_store, query=query)
    frame = load_results(ArtifactStore(full_store), "imagenette160").frame
    texts = [text.value for text in app.markdown]
    [sentence] = [text for text in texts if text.startswith("**WebP, quality 50** reaches")]
    for codec, dial in (("webp", 50), ("jpeg", 75)):
        rows = frame[(frame["codec"] == codec) & (frame["dial"] == dial)]
        assert f"{rows['psnr_db'].mean():.2f} dB" in sentence
        assert f"{rows['bytes'].mean():,.0f} bytes" in sentence
    assert "Published in the thesis: WebP, quality 50: 32.94 dB" in _text(app)


@pytest.mark.slow
def test_the_links_of_a_claim_open_exactly_the_curves_that_it_names(
    open_page: OpenPage, full_store: Path
) -> None:
    frame = load_results(ArtifactStore(full_store), "imagenette160").frame
    for verdict in verdicts(method_rows(summary(frame))):
        app = open_page("rate_distortion", full_store, query={"codecs": curve_labels(verdict)})
        expected = {verdict.method.published.codec, *verdict.claim_codecs}
        assert set(app.multiselect(key="codecs").value) == expected


def test_the_strips_show_each_format_of_the_thesis_with_bytes_psnr_and_ssim(
    full_page: AppTest,
) -> None:
    captions = [text.value for text in full_page.markdown if " dB · " in text.value]
    shown = [caption.split("**")[1] for caption in captions]
    assert shown == [figure.label for figure in THESIS if figure.codec in ("jpeg", "webp")]
    assert all(" bytes  \n" in caption for caption in captions)


def test_every_table_can_be_downloaded_and_says_where_it_comes_from(full_page: AppTest) -> None:
    assert {"Numbers as CSV", "Means as CSV", "Provenance of every codec as CSV"} <= _downloads(
        full_page
    )
    assert "Where these numbers come from" in [folded.label for folded in full_page.expander]


def test_before_training_the_autoencoders_say_so_with_the_command(
    open_page: OpenPage, untrained_store: Path
) -> None:
    app = open_page("findings", untrained_store)
    assert not app.exception
    assert _methods(app)["state"].dropna().tolist() == ["not trained yet"] * 3
    assert _verdicts(app) == ["Not measured yet"] * 3
    [command] = [block.value for block in app.code]
    assert command.splitlines() == [
        "python -m pipelines.train ae80",
        "python -m pipelines.train ae40",
        "python -m pipelines.train ae20",
        "python -m pipelines.evaluate ae80 ae40 ae20",
    ]


def test_methods_whose_models_are_there_are_not_measured_yet_and_need_no_training(
    open_page: OpenPage, untrained_store: Path
) -> None:
    store = ArtifactStore(untrained_store)
    for name in ("ae80", "ae40"):
        store.commit(f"models/{name}", {f"{name}/decoder.onnx": b"a model"}, facts={})
    store.delete("results/imagenette160/jpeg")
    app = open_page("findings", untrained_store)
    assert not app.exception
    states = _methods(app).set_index("method")["state"].dropna()
    trained = [name for name, state in states.items() if state == "not measured yet"]
    assert trained == ["ae-1-layer", "ae-2-layer", "jpeg-25", "jpeg-50", "jpeg-75"]
    assert states[states == "not trained yet"].index.tolist() == ["ae-3-layer"]
    assert "Not trained yet" not in _text(app)
    [command] = [block.value for block in app.code if "pipelines.train" in block.value]
    assert command.splitlines() == [
        "python -m pipelines.train ae20",
        "python -m pipelines.evaluate ae80 ae40 ae20 jpeg",
    ]


def test_an_empty_store_shows_the_published_figures_and_the_command(
    open_page: OpenPage, empty_store: Path
) -> None:
    app = open_page("findings", empty_store)
    assert not app.exception
    assert "No results yet" in _text(app)
    assert "python -m pipelines.evaluate" in [block.value for block in app.code]
    assert _methods(app)["published_psnr_db"].notna().all()
    assert _methods(app)["psnr_db"].isna().all()


def test_a_damaged_codec_is_named_with_its_command_and_the_rest_is_shown(
    open_page: OpenPage, damaged_store: Path
) -> None:
    app = open_page("findings", damaged_store)
    assert not app.exception
    assert "results/imagenette160/jpeg.parquet" in _text(app)
    assert "results/imagenette160/webp.manifest.json" in _text(app)
    assert "python -m pipelines.evaluate jpeg" in [block.value for block in app.code]
    measured = _methods(app).set_index("method")["psnr_db"]
    assert measured[["jpeg-75", "webp-75"]].isna().all()
    assert measured[["ae-1-layer", "tiff-lzw"]].notna().all()


@pytest.mark.slow
def test_a_repaired_codec_comes_back_without_a_restart(
    open_page: OpenPage, damaged_store: Path, full_store: Path
) -> None:
    assert _methods(open_page("findings", damaged_store))["psnr_db"].isna().sum() == 6
    for name in ("jpeg.parquet", "webp.manifest.json"):
        file = Path("results", "imagenette160", name)
        (damaged_store / file).write_bytes((full_store / file).read_bytes())
    assert _methods(open_page("findings", damaged_store))["psnr_db"].notna().all()


def test_any_two_methods_of_another_data_set_are_compared_without_the_thesis_figures(
    open_page: OpenPage, full_store: Path, tmp_path: Path
) -> None:
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "two"))
    for codec in ("jpeg", "webp"):
        key, file = f"results/imagenette160/{codec}", f"{codec}.parquet"
        facts = {"dataset": {"name": "mine", "sha256": "1" * 64}}
        store.commit(f"results/mine/{codec}", {file: store.read(key, file)}, facts=facts)
    app = open_page("findings", store.root, query={"dataset": "mine"})
    assert not app.exception
    assert app.selectbox(key="dataset").value == "mine"
    assert not any("TIFF" in option for option in app.selectbox(key="first").options)
    app.selectbox(key="first").set_value("WebP, quality 50").run()
    assert not app.exception
    texts = [text.value for text in app.markdown]
    assert any(text.startswith("**WebP, quality 50** reaches") for text in texts)
    assert any("images of mine." in caption.value for caption in app.caption)
    assert "Published in the thesis: WebP" not in _text(app)


def test_methods_of_another_data_set_are_compared_where_the_thesis_has_no_results(
    open_page: OpenPage, full_store: Path, tmp_path: Path
) -> None:
    source, store = ArtifactStore(full_store), ArtifactStore(tmp_path)
    for codec in ("jpeg", "webp"):
        data = source.read(f"results/imagenette160/{codec}", f"{codec}.parquet")
        facts = {"dataset": {"name": "mine", "sha256": "1" * 64}}
        store.commit(f"results/mine/{codec}", {f"{codec}.parquet": data}, facts=facts)
    app = open_page("findings", store.root, query={"first": "WebP, quality 50"})
    assert not app.exception
    assert "No results yet" in _text(app)
    assert any(text.value.startswith("**WebP, quality 50** reaches") for text in app.markdown)


@pytest.mark.slow
def test_who_wins_by_what_was_optimised_is_said_once_both_models_are_measured(
    open_page: OpenPage, full_store: Path, full_page: AppTest, tmp_path: Path
) -> None:
    sentence = "What is optimised decides who wins"
    assert sentence not in _text(full_page)
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "visual"))
    # WebP is better by both metrics, until its PSNR falls.
    for name, source, loss_db in (
        ("bottleneck", "jpeg", 0.0),
        ("bottleneck_visual", "webp", 0.0),
        ("bottleneck_visual", "webp", 4.0),
    ):
        table = from_parquet(store.read(f"results/imagenette160/{source}", f"{source}.parquet"))
        column = table.schema.get_field_index("codec")
        renamed = pc.replace_substring(table["codec"].cast("string"), source, name)
        table = table.set_column(column, "codec", renamed.cast(table["codec"].type))
        place = table.schema.get_field_index("psnr_db")
        lower = pc.subtract(table["psnr_db"], loss_db).cast(table["psnr_db"].type)
        table = table.set_column(place, table.schema.field(place), lower)
        facts = store.manifest(f"results/imagenette160/{source}").facts
        store.commit(
            f"results/imagenette160/{name}", {f"{name}.parquet": to_parquet(table)}, facts=facts
        )
        app = open_page("findings", store.root)
        assert not app.exception
        assert (sentence in _text(app)) == (loss_db > 0)
        assert ("at equal SSIMULACRA2" in _text(app)) == (name == "bottleneck_visual")
