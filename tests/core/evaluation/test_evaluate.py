import math
import time
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from core.codecs.base import OperatingPoint
from core.errors import CodecError
from core.evaluation.evaluate import evaluate, evaluate_reference
from core.evaluation.measurements import on_common_images
from core.evaluation.results import load_results, result_datasets, result_key
from core.evaluation.table import columns, concatenate, from_parquet, to_frame, to_parquet, to_table
from core.metrics import metrics
from core.store import ArtifactStore

EXPECTED_COLUMNS = [
    "image",
    "codec",
    "setting",
    "dial",
    "width",
    "height",
    "bytes",
    "bits_per_pixel",
    *metrics(),
    "lossless",
    "encode_seconds",
    "decode_seconds",
    "metric_seconds",
    "error",
]


@dataclass(frozen=True)
class Raw:
    """Codec whose file is the pixels after a header of seven bytes; decodes with an error."""

    codec: str = "raw"
    setting: str = "plain"
    dial: float | None = None
    brighter: int = 0
    shape: tuple[int, int, int] = field(default=(12, 10, 3))

    def encode(self, image):
        return b"header:" + image.tobytes()

    def decode(self, data):
        pixels = np.frombuffer(data[7:], np.uint8).reshape(self.shape)
        return (pixels + self.brighter).astype(np.uint8)


@dataclass(frozen=True)
class Slow(Raw):
    """Takes 20 milliseconds to encode and 400 to decode."""

    def encode(self, image):
        time.sleep(0.02)
        return super().encode(image)

    def decode(self, data):
        time.sleep(0.4)
        return super().decode(data)


class RefusesToEncode(Raw):
    def encode(self, image):
        raise CodecError("too\nlarge")


class RefusesToDecode(Raw):
    def decode(self, data):
        raise CodecError("damaged")


class DecodesAnotherShape(Raw):
    def decode(self, data):
        return np.zeros((10, 12, 3), np.uint8)


class DecodesFloats(Raw):
    def decode(self, data):
        return np.zeros(self.shape, np.float32)


class EncodesAnArray(Raw):
    def encode(self, image):
        return image


@pytest.fixture
def image():
    return np.random.default_rng(1).integers(0, 200, (12, 10, 3), np.uint8)


def measured(point, image):
    return evaluate(point, image, image_id="photo", metrics=metrics()).record


def frame_of(*records):
    return to_frame(to_table(records))


def types_of(frame):
    return {name: str(kind) for name, kind in frame.dtypes.items()}


def test_the_test_codec_is_a_codec():
    assert isinstance(Raw(), OperatingPoint)


def test_the_rate_counts_every_byte_of_the_file(image):
    record = measured(Raw(dial=3.5), image)
    assert record.bytes == 7 + image.size
    assert record.bits_per_pixel == 8 * (7 + image.size) / 120
    assert (record.width, record.height, record.dial) == (10, 12, 3.5)
    assert (record.image, record.codec, record.setting) == ("photo", "raw", "plain")


def test_an_exact_image_is_lossless_with_infinite_psnr(image):
    record = measured(Raw(), image)
    assert record.lossless
    assert record.metrics["psnr_db"] == math.inf
    assert record.metrics["ssim"] == 1.0


def test_a_changed_image_is_not_lossless(image):
    record = measured(Raw(brighter=1), image)
    assert not record.lossless
    assert record.metrics["psnr_db"] == pytest.approx(48.1308, abs=1e-4)


def test_a_metric_that_is_not_defined_for_the_size_is_none(image):
    record = measured(Raw(), image)
    assert record.metrics["ms_ssim_4"] is None
    assert record.error is None


def test_time_is_taken_around_encode_and_decode_alone(image):
    record = measured(Slow(), image)
    assert 0.02 <= record.encode_seconds < 0.4 <= record.decode_seconds
    assert record.metric_seconds > 0.0


@pytest.mark.parametrize(
    ("point", "error"),
    [
        (RefusesToEncode(), "CodecError: too large"),
        (RefusesToDecode(), "CodecError: damaged"),
        (DecodesAnotherShape(), "must be uint8 (12, 10, 3); received uint8 (10, 12, 3)"),
        (DecodesFloats(), "must be uint8 (12, 10, 3); received float32 (12, 10, 3)"),
        (EncodesAnArray(), "must encode to bytes; received ndarray"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_codec_that_fails_gives_its_error_and_no_measurement(point, error, image):
    record = measured(point, image)
    assert error in record.error
    assert "\n" not in record.error
    assert (record.bytes, record.bits_per_pixel, record.metrics) == (None, None, {})
    assert (record.encode_seconds, record.lossless) == (None, False)
    assert (record.width, record.height) == (10, 12)


@dataclass(frozen=True)
class Darker:
    codec: str = "raw"
    setting: str = "float"
    dial: None = None

    def reconstruct(self, image):
        return image // 2


class Fails(Darker):
    def reconstruct(self, image):
        raise ValueError("no weights")


def test_a_reference_has_metrics_but_neither_bytes_nor_times(image):
    record = evaluate_reference(Darker(), image, image_id="photo", metrics=metrics()).record
    assert record.metrics["psnr_db"] == metrics()["psnr_db"].measure(image, image // 2)
    assert (record.setting, record.error, record.lossless) == ("float", None, False)
    assert (record.bytes, record.encode_seconds, record.decode_seconds) == (None, None, None)


def test_a_reference_that_fails_gives_its_error(image):
    record = evaluate_reference(Fails(), image, image_id="photo", metrics=metrics()).record
    assert (record.error, record.metrics) == ("ValueError: no weights", {})


def test_a_table_has_the_agreed_columns_in_order(image):
    assert columns() == EXPECTED_COLUMNS
    assert list(frame_of(measured(Raw(), image)).columns) == EXPECTED_COLUMNS


def test_an_infinite_psnr_is_stored_as_null_beside_lossless(image):
    row = frame_of(measured(Raw(), image)).iloc[0]
    assert math.isnan(row["psnr_db"])
    assert row["lossless"]


def test_the_types_do_not_depend_on_what_a_table_holds(image):
    good, bad = measured(Raw(dial=1.0), image), measured(RefusesToDecode(), image)
    expected = types_of(frame_of(good, bad))
    for records in ([], [good], [bad]):
        assert types_of(frame_of(*records)) == expected


def test_an_error_is_missing_where_nothing_went_wrong(image):
    frame = frame_of(measured(Raw(), image), measured(RefusesToDecode(), image))
    assert frame["error"].isna().tolist() == [True, False]
    assert frame["bytes"].isna().tolist() == [False, True]


def test_a_table_survives_its_file(image):
    records = [measured(Raw(brighter=level, dial=level), image) for level in range(3)]
    before = to_table([*records, measured(RefusesToEncode(), image)])
    after = from_parquet(to_parquet(before))
    assert to_frame(after).equals(to_frame(before))
    sizes = to_frame(after)["bits_per_pixel"].dropna()
    assert (sizes == 8 * (7 + image.size) / 120).all()


def test_twenty_thousand_rows_stay_below_a_megabyte(image):
    random = np.random.default_rng(2)
    record = measured(Raw(brighter=1), image)
    rows = []
    for number in range(20_000):
        size, quality, psnr_db, ssim, seconds = random.random(5)
        changed = {
            "image": f"n01440764/ILSVRC2012_val_{number // 10:08d}.JPEG",
            "setting": f"quality={number % 10}",
            "bytes": int(9000 * size),
            "bits_per_pixel": 8 * int(9000 * size) / 25_600,
            "metrics": {"psnr_db": 20 + 20 * psnr_db, "ssim": ssim},
            "encode_seconds": seconds,
            "decode_seconds": quality,
            "metric_seconds": size,
        }
        rows.append(replace(record, **changed))
    assert len(to_parquet(to_table(rows))) < 1_000_000


@pytest.fixture
def store(tmp_path, image):
    """Store with results of two codecs on one data set."""
    store = ArtifactStore(tmp_path)
    for codec in ("raw", "other"):
        table = to_table([measured(Raw(codec=codec), image)])
        key = result_key("mine", codec)
        store.commit(key, {f"{codec}.parquet": to_parquet(table)}, facts={})
    return store


def test_results_of_all_codecs_are_one_frame(store):
    results = load_results(store, "mine")
    assert results.frame["codec"].tolist() == ["other", "raw"]
    assert results.manifests.keys() == {"other", "raw"}
    assert results.problems == ()
    assert result_datasets(store) == ["mine"]


def test_one_damaged_file_does_not_hide_the_rest(store):
    path = store.path("results/mine/other", "other.parquet")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    results = load_results(store, "mine")
    assert results.frame["codec"].tolist() == ["raw"]
    assert [problem.key for problem in results.problems] == ["results/mine/other"]
    assert results.manifests.keys() == {"raw"}


def test_a_data_set_without_results_gives_an_empty_frame(store, image):
    results = load_results(store, "another")
    assert results.frame.empty
    assert types_of(results.frame) == types_of(load_results(store, "mine").frame)


def test_data_sets_do_not_mix_when_one_name_begins_like_another(store, image):
    data = to_parquet(to_table([measured(Raw(), image)]))
    store.commit("results/mine2/raw", {"raw.parquet": data}, facts={})
    assert len(load_results(store, "mine").frame) == 2
    assert result_datasets(store) == ["mine", "mine2"]


def test_results_on_other_images_are_left_out_and_named(tmp_path, image):
    store = ArtifactStore(tmp_path)
    for codec, digest in {"jpeg": "a", "png": "a", "webp": "b"}.items():
        data = to_parquet(to_table([measured(Raw(codec=codec), image)]))
        facts = {"dataset": {"name": "mine", "sha256": digest, "images": 1}}
        store.commit(result_key("mine", codec), {f"{codec}.parquet": data}, facts=facts)
    results = load_results(store, "mine")
    assert sorted(results.frame["codec"]) == ["jpeg", "png"]
    [problem] = results.problems
    assert problem.key == "results/mine/webp"
    assert "is of other images than the other results" in str(problem)


def test_methods_are_compared_on_the_images_that_all_of_them_have(image):
    def row(codec, image_id, **changes):
        return replace(measured(Raw(codec=codec, brighter=1), image), image=image_id, **changes)

    frame = frame_of(
        row("jpeg", "a"),
        row("jpeg", "b"),
        row("jpeg", "tiny", metrics={"psnr_db": 20.0, "ssim": None}),
        row("webp", "a"),
        row("webp", "b", error="refused", bytes=None, metrics={}),
        row("webp", "tiny", metrics={"psnr_db": 20.0, "ssim": None}),
        row("avif", "a", error="refused", bytes=None, metrics={}),
    )
    common = on_common_images(frame)
    assert common["image"].tolist() == ["a", "a"]
    assert sorted(common["codec"]) == ["jpeg", "webp"]


def test_a_table_without_a_newer_metric_gets_nulls(image):
    whole = to_table([measured(Raw(brighter=1), image)])
    older = whole.drop_columns(["ms_ssim_4", "ssimulacra2"])
    frame = to_frame(concatenate([older, whole]))
    assert list(frame.columns) == EXPECTED_COLUMNS
    assert frame["ssimulacra2"].isna().tolist() == [True, False]
