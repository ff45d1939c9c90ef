import shutil
import socket

import numpy as np
import pandas as pd
import pytest

from core.analysis.curve_views import curve_measurements
from core.analysis.rate_distortion import bd_rates
from core.analysis.stored_ladder import store_ladder
from core.codecs import get_codec
from core.codecs.container_bytes import containers
from core.evaluation.evaluate import evaluate
from core.evaluation.measurements import on_common_images
from core.evaluation.results import load_results, result_key
from core.evaluation.table import to_parquet, to_table
from core.metrics import metrics
from core.report.content import build_report
from core.report.page import to_html
from core.store import ArtifactStore
from core.timing.images import benchmark_image
from core.timing.table import Timing, benchmark_key
from core.timing.table import to_parquet as timings_to_parquet
from pipelines import report

DIALS = {"jpeg": (10, 25, 50, 75), "webp": (10, 25, 50, 75), "tiff_lzw": ()}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Store with results of three codecs on three small images, a training and some times."""
    store = ArtifactStore(tmp_path_factory.mktemp("report") / "artifacts")
    whole = benchmark_image(288, 96)
    images = {
        str(place): np.ascontiguousarray(whole[:, place : place + 96]) for place in (0, 96, 192)
    }
    for name, dials in DIALS.items():
        codec = get_codec(name)
        points = [codec.at(dial) for dial in dials] or codec.sweep(store)
        records = [
            evaluate(point, image, image_id=name, metrics=_fast_metrics()).record
            for name, image in images.items()
            for point in points
        ]
        files = {f"{name}.parquet": to_parquet(to_table(records))}
        facts = {"dataset": {"name": "imagenette160", "sha256": "0" * 64}}
        store.commit(result_key("imagenette160", name), files, facts=facts)
    history = pd.DataFrame(
        {"epoch": [1, 2], "validation_loss": [2, 1], "validation_psnr_db": [20, 25]}
    )
    files = {"ae20.csv": history.to_csv(index=False).encode()}
    store.commit("histories/ae20", files, facts={"config": {"epochs": 2}})
    times = [
        Timing("jpeg", "JPEG", "lossy", operation, "warm", 1, 0, "quality=75", 160, 160, 0.001)
        for operation in ("encode", "decode")
    ]
    files = {"codecs.parquet": timings_to_parquet(times)}
    store.commit(benchmark_key("codecs"), files, facts={"quick": True})
    return store


@pytest.fixture
def store(measured, monkeypatch):
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(measured.root))
    return measured


def _fast_metrics():
    return {name: metric for name, metric in metrics().items() if not metric.ON_SUBSET_ONLY}


def run(*arguments):
    return report.main([str(argument) for argument in arguments])


def test_the_command_writes_one_page_and_a_folder_beside_it(store, tmp_path, capsys):
    output = tmp_path / "report.html"
    assert run("--output", output) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "report-figures"}
    names = {path.name for path in (tmp_path / "report-figures").iterdir()}
    figures = ("curves-psnr-db", "curves-ssim", "bd-rate-psnr-db", "training-psnr", "times-160x160")
    assert {f"{name}.{end}" for name in figures for end in ("svg", "pdf", "csv")} <= names
    tables = ("claims", "methods", "lossless", "bd-rates-psnr-db", "training", "times", "sources")
    assert {f"{name}.{end}" for name in tables for end in ("tex", "csv")} <= names
    assert "report.html" in capsys.readouterr().err


def test_the_numbers_of_the_times_tell_encoding_from_decoding_and_have_a_unit(store):
    [times] = [plot for plot in build_report(store).plots() if plot.name == "times-160x160"]
    numbers = times.numbers()
    assert numbers["operation"].tolist() == ["encode", "decode"]
    assert numbers["series"].tolist() == ["JPEG", "JPEG"]
    assert numbers["Time (ms)"].tolist() == pytest.approx([1.0, 1.0])


@pytest.mark.slow
def test_the_same_artifacts_give_the_same_files(store, tmp_path):
    for name in ("first", "second"):
        assert run("--output", tmp_path / f"{name}.html", "--figures", tmp_path / name) == 0
    assert (tmp_path / "first.html").read_bytes() == (tmp_path / "second.html").read_bytes()
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_the_page_holds_what_it_needs_and_forbids_the_rest(store):
    page = to_html(build_report(store))
    head, _, rest = page.partition("</head>")
    assert "default-src 'none'" in head
    own = rest.partition("<script>/**")[0]
    assert "<link" not in page.partition("<script>")[0]
    assert "src=" not in own
    assert "http" not in own.partition('<section id="sources"')[0]


def test_a_training_has_the_name_that_its_model_has_on_the_screen(store):
    training = next(part for part in build_report(store).sections if part.name == "training")
    table, plot = training.parts
    assert table.cells()[0][0] == "Autoencoder, 3 layers (20x20)"
    assert [series.label for series in plot.series] == ["Autoencoder, 3 layers (20x20)"]


def test_the_page_names_neither_the_machine_nor_its_folders(store):
    page = to_html(build_report(store)).partition("<script>/**")[0]
    assert str(store.root) not in page
    assert f">{socket.gethostname()}<" not in page


def test_the_file_of_the_sources_is_where_the_page_says(store, tmp_path):
    assert run("--output", tmp_path / "report.html") == 0
    [sources] = [one for one in build_report(store).tables() if one.name == "sources"]
    assert "saved with the figures and tables for a paper" in sources.caption
    assert not (tmp_path / "sources.csv").exists()
    assert (tmp_path / "report-figures" / "sources.csv").exists()


def test_every_part_that_has_artifacts_is_reported(store):
    sections = [section.name for section in build_report(store).sections]
    before = ["findings", "methods", "curves", "bd-rates", "training"]
    assert sections == [*before, "ladder", "speed", "sources"]
    assert any("rehearsal" in text for text in _paragraphs(build_report(store), "speed"))


def test_tables_have_the_payload_and_the_psnr_of_the_mean_squared_error(store):
    tables = {table.name: table for table in build_report(store).tables()}
    view = {"metric": "psnr_db", "overheads": containers(store, DIALS)}
    frame = on_common_images(load_results(store, "imagenette160").frame)
    payload = bd_rates(curve_measurements(frame, **view), anchor="jpeg", samples=0)
    rates = tables["bd-rates-psnr-db"].frame.set_index("codec").loc["webp"]
    assert rates["payload_percent"] == pytest.approx(payload["webp"].value)
    assert rates["payload_percent"] != pytest.approx(rates["bd_rate_percent"])

    pooled = curve_measurements(frame, metric="psnr_db", pooled=True)["jpeg"].curve()
    method = tables["methods"].frame.set_index("method").loc["jpeg-50"]
    expected = dict(zip(pooled.settings, pooled.values, strict=True))["quality=50"]
    assert method["pooled_psnr_db"] == pytest.approx(expected)
    assert method["pooled_psnr_db"] < method["psnr_db"]
    assert "of the MSE (dB)" in {one.header for one in tables["methods"].columns.values()}


def test_a_report_of_another_data_set_quotes_no_figure_of_the_thesis(store, tmp_path):
    other = ArtifactStore(shutil.copytree(store.root, tmp_path / "two"))
    table = other.read("results/imagenette160/jpeg", "jpeg.parquet")
    facts = {"dataset": {"name": "mine", "sha256": "1" * 64}}
    other.commit("results/mine/jpeg", {"jpeg.parquet": table}, facts=facts)
    found = build_report(other, dataset="mine")
    assert not {"claims", "methods"} & {table.name for table in found.tables()}
    assert {series.label for series in found.plots()[0].series} == {"JPEG"}
    page = to_html(found).partition("<script>/**")[0]
    assert "results/mine/jpeg" in page
    assert "results/imagenette160" not in page
    assert not any("thesis" in text.lower() for text in (found.title, *found.abstract))
    assert to_html(build_report(other)) == to_html(build_report(store))


def test_a_damaged_artifact_is_named_and_the_rest_is_reported(store, tmp_path):
    other = ArtifactStore(shutil.copytree(store.root, tmp_path / "damaged"))
    (other.root / "results" / "imagenette160" / "webp.parquet").write_bytes(b"cut")
    found = build_report(other)
    [named] = [text for text in _paragraphs(found, "sources") if text.startswith("Not used")]
    assert "results/imagenette160/webp.parquet" in named
    assert "JPEG" in {series.label for series in found.plots()[0].series}


def test_the_ladder_is_among_the_sources_and_a_missing_or_damaged_one_is_named(store, tmp_path):
    [missing] = _paragraphs(build_report(store), "ladder")
    assert missing.endswith("`python -m pipelines.ladder`.")

    other = ArtifactStore(shutil.copytree(store.root, tmp_path / "ladder"))
    store_ladder(other, "imagenette160")
    sources = next(one for one in build_report(other).tables() if one.name == "sources")
    assert "ladders/imagenette160" in sources.frame["artifact"].tolist()

    (other.root / "ladders" / "imagenette160.parquet").write_bytes(b"cut")
    found = build_report(other)
    assert "ladders/imagenette160.parquet" in _paragraphs(found, "ladder")[0]
    [named] = [text for text in _paragraphs(found, "sources") if text.startswith("Not used")]
    assert "ladders/imagenette160.parquet" in named


def test_an_empty_store_ends_with_one_line_and_status_2(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "none"))
    assert run("--output", tmp_path / "report.html") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "python -m pipelines.evaluate" in error
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("output", "more", "message"),
    [
        ("folder", [], "is a folder"),
        ("nowhere/report.html", [], "there is no folder"),
        ("report.html", ["--figures", "taken"], "is a file"),
        ("report.html", ["--figures", "nowhere/figures"], "there is no folder"),
    ],
)
def test_a_bad_place_gets_one_line_and_status_2(
    store, tmp_path, monkeypatch, capsys, output, more, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "taken").write_text("a file")
    assert run("--output", output, *more) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "report.html").exists()


def _paragraphs(found, name):
    return next(section.paragraphs for section in found.sections if section.name == name)


def test_a_file_that_the_report_is_made_of_is_not_overwritten(store, tmp_path, capsys):
    [artifact] = (store.root / "histories").rglob("*.csv")
    before = artifact.read_bytes()
    (tmp_path / "link.html").symlink_to(artifact)
    for output in (artifact, tmp_path / "link.html"):
        assert run("--output", output) == 2
        assert "the input itself" in capsys.readouterr().err
    assert artifact.read_bytes() == before


@pytest.mark.slow
def test_a_link_in_the_place_of_the_report_is_kept_and_its_target_written(store, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "page.html"
    (tmp_path / "report.html").symlink_to(target)
    assert run("--output", tmp_path / "report.html") == 0
    assert (tmp_path / "report.html").is_symlink()
    assert target.read_bytes().startswith(b"<!")
