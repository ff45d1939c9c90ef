"""What this program exports, imported again, is equal."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from core.analysis.export import exchange_files
from core.analysis.imported.artifact import commit_import, load_imports
from core.analysis.imported.curves import quoted_curves
from core.analysis.imported.reading import read_results
from core.analysis.rate_distortion import compare
from core.evaluation.measurements import lossy_measurements
from core.store import ArtifactStore
from dashboard.charts.rate_distortion import point_table

METRICS = ("psnr_db", "ssim", "ms_ssim")
#: What CompressAI's files call them.
COMPRESSAI = {"psnr_db": "psnr", "ssim": "ssim", "ms_ssim": "ms-ssim-rgb"}
SUBSET = 2


def row(codec: str, dial: float | None, number: int, value: float) -> dict[str, object]:
    size = int(100 + 40 * min(dial or 200, 90) + 20 * number)
    is_lossless = dial is None
    return {
        "image": f"class/image_{number}",
        "codec": codec,
        "setting": "lossless" if is_lossless else f"quality={dial:g}",
        "dial": dial,
        "width": 160.0,
        "height": 120.0,
        "bytes": float(size),
        "bits_per_pixel": 8.0 * size / 19200,
        "psnr_db": np.nan if is_lossless else float(np.float32(value)),
        "ssim": 1.0 if is_lossless else float(np.float32(0.8 + value / 500)),
        "ms_ssim": 1.0 if is_lossless else float(np.float32(0.9 + value / 1000)),
        "ssimulacra2": float(np.float32(2 * value)) if number < SUBSET else np.nan,
        "lossless": is_lossless,
        "encode_seconds": float(np.float32(0.0123456)),
        "decode_seconds": float(np.float32(0.002)),
        "error": None,
    }


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(3)
    rows = [row("png", None, number, 50.0) for number in range(6)]
    for codec, better in {"jpeg": 0.0, "webp": 1.5}.items():
        for dial in (10.0, 30.0, 50.0, 70.0, 90.0):
            for number in range(6):
                value = 25 + better + dial / 8 + random.normal(0, 0.1)
                rows.append(row(codec, dial, number, value))
                if dial == 90.0:  # two settings that give the same files
                    rows.append(row(codec, 91.0, number, value))
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def files(frame: pd.DataFrame) -> dict[str, bytes]:
    exported = exchange_files(frame, {}, dataset="tiny", labels={})
    for metric in METRICS:
        points = point_table(lossy_measurements(frame, metric=metric), {}).assign(metric=metric)
        exported[f"{metric}.csv"] = points.to_csv(index=False).encode()
    return exported


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", ["compressai", "codec-compare", "records", "csv"])
def test_what_is_exported_can_be_imported_and_is_equal(
    frame, files, tmp_path, kind: str, metric: str
) -> None:
    path = {
        "compressai": "compressai/webp.json",
        "codec-compare": "codec-compare/webp.json",
        "records": "records/webp.parquet",
        "csv": f"{metric}.csv",
    }[kind]
    store = ArtifactStore(tmp_path)
    imported = read_results(files[path], name=path, source="this program")
    commit_import(store, imported, dataset="tiny", name="mine", file=path, data=files[path])
    ours = lossy_measurements(frame, metric=metric)
    quoted = quoted_curves(
        load_imports(store, "tiny").found, dataset="tiny", metric=metric, images=frame["image"]
    )
    found, expected = quoted["mine/webp"].table, ours["webp"]
    if kind == "compressai":  # whose means are summed in another order than ours
        results = json.loads(files[path])["results"]
        assert list(found.curve().bits_per_pixel) == results["bpp"]
        assert list(found.curve().values) == results[COMPRESSAI[metric]]
        assert found.curve().values == pytest.approx(expected.curve().values, rel=1e-14)
    else:
        assert found.curve().bits_per_pixel == expected.curve().bits_per_pixel
        assert found.curve().values == expected.curve().values
    if kind in ("codec-compare", "records"):
        assert found.images.tolist() == expected.images.tolist()
        assert np.array_equal(found.values, expected.values)
        assert compare(ours["jpeg"], found) == compare(ours["jpeg"], expected)
    else:
        interval = compare(ours["jpeg"], found)
        paired = compare(ours["jpeg"], expected, samples=0)
        assert interval.value == pytest.approx(paired.value, abs=1e-9)
        assert (interval.low, interval.high) == (None, None)
    if kind != "compressai":  # which keeps no settings
        assert found.settings == expected.settings


@pytest.mark.parametrize(
    "path",
    ["compressai/lossless/png.json", "codec-compare/png.json", "records/png.parquet"],
)
def test_a_lossless_codec_comes_back_at_its_rate(frame, files, path: str) -> None:
    found = read_results(files[path], name=path, source="us")
    assert found.curves == ("png",)
    assert "psnr_db" not in found.metrics  # it is infinite
    assert set(found.rows["ssim"]) == {1.0}
    rates = frame.loc[frame["codec"] == "png", "bits_per_pixel"]
    assert found.rows["bits_per_pixel"].mean() == pytest.approx(rates.mean(), rel=1e-14)


def test_the_means_over_the_subset_come_back_with_the_metric_that_it_has(frame, files) -> None:
    found = read_results(files["compressai/subset/webp.json"], name="webp.json", source="us")
    rows = frame[(frame["codec"] == "webp") & frame["ssimulacra2"].notna()]
    means = rows.groupby("setting")[["bits_per_pixel", "ssimulacra2"]].mean()
    expected = means.sort_values("bits_per_pixel").to_numpy()
    assert len(found.rows) == len(expected) == 6
    assert found.rows[["bits_per_pixel", "ssimulacra2"]].to_numpy() == pytest.approx(expected)


def test_every_exported_file_of_results_can_be_imported(files) -> None:
    lists = {"codec-compare/batches.json", "codec-compare/lossless_batches.json"}
    for path in files.keys() - lists - {"README.txt"}:
        assert len(read_results(files[path], name=path, source="us").rows) > 0


def test_an_imported_batch_is_what_was_measured_image_by_image(frame, files) -> None:
    rows = read_results(files["codec-compare/webp.json"], name="webp.json", source=None).rows
    records = pd.read_parquet(io.BytesIO(files["records/webp.parquet"]))
    both = rows.merge(records, on=["image", "setting"], validate="1:1", suffixes=("", "_record"))
    assert len(both) == len(records) == len(rows)
    for column in ("bytes", "width", "height", "bits_per_pixel", *METRICS):
        assert both[column].tolist() == both[f"{column}_record"].tolist()


def test_a_batch_of_a_single_image_comes_back_with_its_settings(frame) -> None:
    one = frame[frame["image"] == "class/image_0"]
    exported = exchange_files(one, {}, dataset="tiny", labels={})["codec-compare/jpeg.json"]
    found = read_results(exported, name="jpeg.json", source=None).rows
    rows = one[one["codec"] == "jpeg"]
    assert (
        found.set_index("setting")["bytes"].to_dict()
        == rows.set_index("setting")["bytes"].to_dict()
    )


def test_images_of_other_names_are_compared_by_their_means(frame, files, tmp_path) -> None:
    store = ArtifactStore(tmp_path)
    data = files["codec-compare/webp.json"]
    imported = read_results(data, name="webp.json", source=None)
    commit_import(store, imported, dataset="tiny", name="mine", file="webp.json", data=data)
    found = load_imports(store, "tiny").found
    quoted = quoted_curves(found, dataset="tiny", metric="psnr_db", images=["another"])
    table = quoted["mine/webp"].table
    assert table.mean_of == 6
    assert table.curve().values == pytest.approx(
        lossy_measurements(frame, metric="psnr_db")["webp"].curve().values
    )


def test_a_damaged_import_is_named_with_the_command_and_hides_no_other(files, tmp_path) -> None:
    store = ArtifactStore(tmp_path)
    data = files["compressai/webp.json"]
    imported = read_results(data, name="webp.json", source="us")
    for name in ("good", "bad"):
        commit_import(store, imported, dataset="tiny", name=name, file="webp.json", data=data)
    (tmp_path / "imports/tiny/bad.parquet").write_bytes(b"broken")
    found = load_imports(store, "tiny")
    assert [one.name for one in found.found] == ["good"]
    [problem] = found.problems
    assert "pipelines.import_results FILE --dataset tiny --name bad" in str(problem)
