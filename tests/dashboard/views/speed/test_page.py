import base64
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.evaluation.results import load_results
from core.store import ArtifactStore
from core.timing.table import BASELINE, Timing, benchmark_key, to_parquet
from tests.dashboard.page_contents import OpenPage

VIEW = "speed"
#: Seconds to encode by codec; decoding takes half as long, a cold start ten times.
SECONDS = {"jpeg": 0.004, "avif": 0.4, "jpeg_xl": 0.08}
LABELS = {"jpeg": "JPEG", "avif": "AVIF", "jpeg_xl": "JPEG XL"}
SIZES = ((160, 160), (768, 512))


def _timings() -> list[Timing]:
    rows = [
        Timing(
            method=codec,
            label=LABELS[codec],
            kind="lossy",
            operation=operation,
            start=start,
            threads=threads,
            repeat=repeat,
            setting="usual",
            width=width,
            height=height,
            seconds=seconds
            * (0.5 if operation == "decode" else 1)
            * (10 if start == "cold" else 1)
            * (width * height / 768 / 512)
            * (1 + 0.1 * repeat)
            / threads,
            file_bytes=1000,
            baseline_bytes=100_000_000 if start == "cold" else None,
            peak_bytes=150_000_000 if start == "cold" else None,
        )
        for codec, seconds in SECONDS.items()
        for operation in ("encode", "decode")
        for start in ("cold", "warm")
        for width, height in SIZES
        for threads in ((1,) if codec == "jpeg" else (1, 2))
        for repeat in range(3)
    ]
    refused = replace(rows[0], method="ae80", label="Autoencoder, 1 layer (80x80)", seconds=None)
    evaluated = [replace(row, operation="evaluate") for row in rows if row.start == "warm"]
    return [*rows, replace(refused, error="LimitExceeded: too many pixels"), *evaluated]


@pytest.fixture
def timed_store(tmp_path: Path) -> Path:
    """Folder of a store with times of three codecs, two models and the dashboard."""
    store = ArtifactStore(tmp_path / "timed")
    trained = Timing("ae20", "Autoencoder", "model", "train", "warm", 2, 0, seconds=0.01)
    pages = [
        replace(
            Timing("dashboard", "Dashboard", "dashboard", operation, start, 2, 0, name),
            seconds=seconds,
        )
        for name in ("trials", "compare")
        for operation, start, seconds in (
            ("first_content", "cold", 2.5),
            ("whole_page", "cold", 3.5),
            ("first_content", "warm", 0.4),
            ("whole_page", "warm", 0.9),
            ("opened_by_click", "warm", 0.2),
        )
    ]
    memory = Timing("dashboard", "Dashboard", "dashboard", "memory", "warm", 2, 0, "all pages")
    pages.append(replace(memory, peak_bytes=300 * 2**20))
    parts = {"codecs": _timings(), "training": [trained], "dashboard": pages}
    for part, timings in parts.items():
        machine = {"memory_bytes": 2**34, "busy_cores_before": 0.0}
        facts = {"quick": False, "left_out": {"ae40": "has no model"}, "machine": machine}
        store.commit(benchmark_key(part), {f"{part}.parquet": to_parquet(timings)}, facts=facts)
    return store.root


def _chart(app: AppTest, key: str) -> dict:
    [found] = [one for one in app.get("plotly_chart") if one.proto.id.endswith(key)]
    return json.loads(found.proto.spec)


def _values(array: dict[str, str]) -> list[float]:
    """Numbers of an array as Plotly writes those of NumPy."""
    data = base64.b64decode(array["bdata"])
    return np.frombuffer(data, np.dtype(array["dtype"])).tolist()


def _names(app: AppTest) -> list[str]:
    """Codecs of the chart of times, from the top."""
    return _chart(app, "times")["layout"]["yaxis"]["categoryarray"]


def _pages(app: AppTest) -> pd.DataFrame:
    [found] = [one.value for one in app.dataframe if "page" in one.value]
    return found


def _text(app: AppTest) -> str:
    return "\n".join(one.value for one in [*app.markdown, *app.caption])


def test_codecs_stand_from_the_fastest_to_the_slowest(
    open_page: OpenPage, timed_store: Path
) -> None:
    app = open_page(VIEW, timed_store)
    assert not app.exception
    assert not app.warning
    assert _names(app) == ["JPEG", "JPEG XL", "AVIF"]
    assert _chart(app, "times")["layout"]["xaxis"]["type"] == "log"


def test_a_mark_is_the_median_and_its_bar_the_quartiles(
    open_page: OpenPage, timed_store: Path
) -> None:
    app = open_page(VIEW, timed_store, query={"size": "768x512"})
    marks = [one for one in _chart(app, "times")["data"] if "error_x" in one]
    jpeg = next(one for one in marks if one["y"] == ["JPEG"])
    assert jpeg["x"] == [pytest.approx(4.4)]
    assert jpeg["error_x"]["array"] == [pytest.approx(0.2)]
    assert "Medians of 3 rounds" in _text(app)


def test_the_address_restores_size_start_and_cores(open_page: OpenPage, timed_store: Path) -> None:
    query = {"size": "160x160", "start": "Cold", "cores": "2", "operation": "Decode"}
    app = open_page(VIEW, timed_store, query=query)
    assert app.subheader[0].value == "Encode and decode, 160x160"
    assert app.segmented_control(key="start").value == "cold"
    assert app.segmented_control(key="cores").value == 2
    assert app.segmented_control(key="operation").value == "decode"


def test_a_codec_that_cannot_use_a_second_core_says_so(
    open_page: OpenPage, timed_store: Path
) -> None:
    app = open_page(VIEW, timed_store, query={"cores": "2"})
    assert _names(app) == ["JPEG (1 core)", "JPEG XL", "AVIF"]


def test_cost_per_pixel_is_flat_where_time_grows_with_the_image(
    open_page: OpenPage, timed_store: Path
) -> None:
    for line in _chart(open_page(VIEW, timed_store), "growth")["data"]:
        small, large = _values(line["y"])
        assert small == pytest.approx(large)


def test_baselines_are_a_table_of_ratios_and_no_codecs_of_ours(
    open_page: OpenPage, timed_store: Path
) -> None:
    rows = [
        Timing(method, label, BASELINE, "encode", "warm", 2, repeat, "", 768, 512, seconds=seconds)
        for method, label, seconds in (
            ("bottleneck", "BNK", 0.1),
            ("compressai_x", "CompressAI x", 0.7),
        )
        for repeat in range(3)
    ]
    rows += [
        Timing("bottleneck", "BNK", BASELINE, operation, "warm", 2, 0, "ae20", seconds=seconds)
        for operation, seconds in (("fit", 0.01), ("feed", 0.0005))
    ]
    facts = {"quick": False, "left_out": {}, "machine": {"busy_cores_before": 0.0}}
    files = {"baselines.parquet": to_parquet(rows)}
    ArtifactStore(timed_store).commit(benchmark_key("baselines"), files, facts=facts)
    app = open_page(VIEW, timed_store)
    assert not app.exception
    tables = [one.value for one in app.dataframe]
    [ratios] = [table for table in tables if "ratio" in table]
    assert ratios["ratio"].tolist() == [pytest.approx(7.0)]
    assert ratios["task"].tolist() == ["Encode, 768x512"]
    assert _names(app) == ["JPEG", "JPEG XL", "AVIF"]
    assert "2,000 images per second" in _text(app)
    assert "trains on 100" in _text(app)


def test_memory_evaluation_training_and_pages_are_shown(
    open_page: OpenPage, timed_store: Path
) -> None:
    app = open_page(VIEW, timed_store)
    bars = _chart(app, "memory")["data"]
    assert _values(bars[0]["x"]) == [pytest.approx(150_000_000 / 2**20)] * 3
    tables = {
        tuple(one.value["label"]): one.value for one in app.dataframe if "per_second" in one.value
    }
    assert tables[("Autoencoder",)]["per_second"].tolist() == [100]
    pages = _pages(app)
    assert pages["page"].tolist() == ["trials", "compare"]
    assert pages["cold_whole_page"].tolist() == [3.5, 3.5]
    assert pages["warm_first_content"].tolist() == [0.4, 0.4]
    assert pages["warm_opened_by_click"].tolist() == [0.2, 0.2]
    assert "Memory of the server after a visit to every page: 300 MiB" in _text(app)


def test_what_has_no_time_says_why(open_page: OpenPage, timed_store: Path) -> None:
    text = _text(open_page(VIEW, timed_store))
    assert "**Autoencoder, 1 layer (80x80)** at 160x160: LimitExceeded: too many pixels" in text
    assert "**ae40**: has no model" in text


def test_codecs_with_results_and_without_times_are_named_with_the_command(
    open_page: OpenPage, timed_store: Path, full_store: Path
) -> None:
    assert not open_page(VIEW, timed_store).info
    shutil.copytree(full_store / "results", timed_store / "results")
    _measure_a_step_of_the_ladder(ArtifactStore(timed_store))
    [line] = [one.value for one in open_page(VIEW, timed_store).info]
    assert line.startswith(
        "Measured but not timed yet, so not on this page: Autoencoder, 3 layers (20x20); WebP; "
        "AVIF 4:4:4; TIFF, LZW. "
    )
    assert "`python -m pipelines.benchmark --only codecs`" in line


def _measure_a_step_of_the_ladder(store: ArtifactStore) -> None:
    """Such a step is compared, but not offered as a codec, so it needs no times."""
    given = store.open("results/imagenette160/webp")
    files = {"ladder_context.parquet": given.read(given.file("parquet"))}
    store.commit("results/imagenette160/ladder_context", files, facts=given.facts)
    assert "ladder_context" in load_results(store, "imagenette160").manifests


def test_every_number_can_be_downloaded(open_page: OpenPage, timed_store: Path) -> None:
    app = open_page(VIEW, timed_store)
    keys = {button.proto.id.rpartition("-csv-")[2] for button in app.get("download_button")}
    assert keys >= {"times", "growth", "memory", "evaluate", "train", "measurements", "machine"}


def test_a_busy_machine_and_a_rehearsal_are_pointed_out(
    open_page: OpenPage, timed_store: Path
) -> None:
    store = ArtifactStore(timed_store)
    facts = {"quick": True, "machine": {"busy_cores_before": 1.9}}
    data = store.read("benchmarks/codecs", "codecs.parquet")
    store.commit("benchmarks/codecs", {"codecs.parquet": data}, facts=facts)
    app = open_page(VIEW, timed_store)
    assert "Other programs were running" in app.warning[0].value
    assert "rehearsal" in app.info[0].value


def test_an_empty_store_names_the_command(open_page: OpenPage, empty_store: Path) -> None:
    app = open_page(VIEW, empty_store)
    assert not app.exception
    assert app.code[0].value == "python -m pipelines.benchmark"


def test_a_damaged_part_is_named_and_the_rest_is_shown(
    open_page: OpenPage, timed_store: Path
) -> None:
    (timed_store / "benchmarks" / "codecs.parquet").write_bytes(b"cut")
    app = open_page(VIEW, timed_store)
    assert not app.exception
    assert "benchmarks/codecs.parquet" in app.warning[0].value
    assert len(_pages(app)) == 2


def test_a_foreign_method_stands_among_the_codecs(open_page: OpenPage, timed_store: Path) -> None:
    store = ArtifactStore(timed_store)
    rows = [row for row in _timings() if row.method == "jpeg" and row.operation != "evaluate"]
    foreign = [replace(row, method="elsewhere", label="Elsewhere") for row in rows]
    files = {"others.parquet": to_parquet(foreign)}
    store.commit(benchmark_key("others"), files, facts={"machine": {}})
    assert "Elsewhere" in _names(open_page(VIEW, timed_store))
