import shutil
import zipfile
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.analysis.bd_tables import bd_table
from core.codecs import codecs
from core.evaluation.measurements import lossy_measurements
from core.evaluation.results import load_results
from core.report.content import build_report
from core.report.files import to_files, to_zip
from core.report.plot import Plot
from core.store import ArtifactStore
from tests.dashboard.page_contents import OpenPage


def _labels(app: AppTest) -> set[str]:
    return {button.label for button in app.get("download_button")}


def test_findings_offer_the_report(open_page: OpenPage, full_store: Path) -> None:
    labels = _labels(open_page("findings", full_store))
    assert {"Report as one page", "Figures and tables for a paper"} <= labels


def test_without_results_there_is_no_report_to_offer(
    open_page: OpenPage, empty_store: Path
) -> None:
    assert "Report as one page" not in _labels(open_page("findings", empty_store))


@pytest.mark.slow
def test_rate_distortion_saves_the_report_of_the_data_set_that_it_shows(
    open_page: OpenPage, full_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "two"))
    for codec in ("jpeg", "webp"):
        data = store.read(f"results/imagenette160/{codec}", f"{codec}.parquet")
        facts = {"dataset": {"name": "mine", "sha256": "1" * 64}}
        store.commit(f"results/mine/{codec}", {f"{codec}.parquet": data}, facts=facts)
    saved, button = {}, st.download_button
    monkeypatch.setattr(
        st,
        "download_button",
        lambda label, *, data, file_name, **rest: (
            saved.update({file_name: data}) or button(label, data, file_name, **rest)
        ),
    )
    assert not open_page("rate_distortion", store.root, query={"dataset": "mine"}).exception
    page = saved["bottleneck-report-mine.html"]().decode()
    assert "results/mine/jpeg" in page
    assert "results/imagenette160" not in page
    archive = zipfile.ZipFile(BytesIO(saved["bottleneck-figures-mine.zip"]()))
    report = build_report(store, dataset="mine")
    monkeypatch.setattr("core.report.files.printed", _named)
    assert set(archive.namelist()) == set(to_files(report))


def _named(plot: Plot, form: str) -> bytes:
    """What stands for a figure that takes a second to print."""
    return f"{plot.name} as {form}".encode()


@pytest.mark.slow
def test_the_archive_holds_every_figure_and_table(
    full_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.report.files.printed", _named)
    report = build_report(ArtifactStore(full_store))
    archive = zipfile.ZipFile(BytesIO(to_zip(report)))
    assert {name: archive.read(name) for name in archive.namelist()} == to_files(report)


@pytest.mark.slow
def test_the_report_gives_the_ratio_of_bytes_that_the_findings_page_gives(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("findings", full_store)
    shown = [text.value for text in app.markdown if "times the bytes** of" in text.value]
    [table] = [
        one for one in build_report(ArtifactStore(full_store)).tables() if one.name == "claims"
    ]
    ratios = table.frame["rate_ratio"].dropna()
    assert len(shown) > 0
    assert [text.split(" times")[0] for text in shown] == [f"**{ratio:.1f}" for ratio in ratios]


def test_the_report_gives_the_bd_rates_of_the_findings_page(full_store: Path) -> None:
    store = ArtifactStore(full_store)
    frame = load_results(store, "imagenette160").frame
    tables = lossy_measurements(frame, metric="psnr_db")
    labels = {name: codec.label for name, codec in codecs().items()}
    shown = bd_table(tables, anchor="jpeg", labels=labels).set_index("codec")
    [table] = [one for one in build_report(store).tables() if one.name == "bd-rates-psnr-db"]
    reported = table.frame.set_index("codec")
    columns = ["bd_rate_percent", "low_percent", "high_percent", "overlap_percent"]
    pd.testing.assert_frame_equal(reported[columns], shown[columns])


def test_the_report_notes_the_same_weak_bd_rates_as_the_page(full_store: Path) -> None:
    store = ArtifactStore(full_store)
    frame = load_results(store, "imagenette160").frame
    tables = lossy_measurements(frame, metric="psnr_db")
    shown = bd_table(tables, anchor="jpeg", labels={}).set_index("codec")
    [table] = [one for one in build_report(store).tables() if one.name == "bd-rates-psnr-db"]
    pd.testing.assert_series_equal(table.frame.set_index("codec")["note"], shown["note"])
