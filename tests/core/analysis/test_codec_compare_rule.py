"""The exported batches under codec-compare's own rules.

Restated from its sources (https://github.com/webmproject/codec-compare, version 0.6.6: names of
fields in `src/entry.ts`, the form of a batch in `src/entry_loader.ts`, the rule that matches rows
of two batches in `src/matcher.ts`), since a test fetches nothing. What is checked is what the
viewer does with the shipped results: it loads them, offers rate-distortion, and finds pairs.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest

from core.analysis.export import exchange_files
from core.codecs import codecs
from core.evaluation.results import load_results
from core.store import ArtifactStore

#: `NAME_TO_FIELD_ID` and `DISTORTION_METRIC_FIELD_IDS`, in their order.
DISTORTIONS = ("SSIM", "PSNR", "SSIMULACRA2", "DSSIM", "MSSSIM", "BUTTERAUGLI", "SSIMULACRA")
NAMES = {
    "name": "BATCH_NAME",
    "codec": "CODEC_NAME",
    "version": "CODEC_VERSION",
    "time": "DATE",
    "source data set": "SOURCE_DATA_SET",
    "source image": "SOURCE_IMAGE_NAME",
    "original name": "SOURCE_IMAGE_NAME",
    "width": "WIDTH",
    "height": "HEIGHT",
    "effort": "EFFORT",
    "quality": "QUALITY",
    "encoded size": "ENCODED_SIZE",
    "encoding time": "ENCODING_DURATION",
    "decoding time": "DECODING_DURATION",
    **{name.lower(): name for name in DISTORTIONS},
}
#: `createMatchers`: tolerance of a distortion; the image must be the same.
TOLERANCE = 0.01


class Batch(NamedTuple):
    """What `jsonToBatch` reads."""

    constants: dict[str, str]
    fields: list[str]
    rows: list[list[Any]]

    def column(self, field: str) -> list[Any]:
        index = self.fields.index(field)
        return [row[index] for row in self.rows]


def field_id(name: str) -> str:
    return NAMES.get(name.lower().replace("_", " "), "CUSTOM " + name)


def loaded(data: bytes) -> Batch:
    """`jsonToBatch`: every description has one name and one text, every row a value per field."""
    content = json.loads(data)
    described = {}
    for key in ("constant_descriptions", "field_descriptions"):
        assert all(len(one) == 1 for one in content[key])
        assert all(isinstance(text, str) for one in content[key] for text in one.values())
        described[key] = [field_id(next(iter(one))) for one in content[key]]
    constants, fields = described["constant_descriptions"], described["field_descriptions"]
    assert fields
    assert len(constants) == len(content["constant_values"])
    assert all(len(row) == len(fields) for row in content["field_values"])
    named = dict(zip(constants, content["constant_values"], strict=True))
    return Batch(named, fields, content["field_values"])


def enabled(batches: list[Batch]) -> list[str]:
    """`enableDefaultMatchers`: the first two distortions that all have and that vary."""
    common = [name for name in DISTORTIONS if all(name in batch.fields for batch in batches)]
    return [name for name in common if len({*batches[0].column(name)}) > 1][:2]


def matches(left: Batch, right: Batch, distortions: list[str]) -> list[tuple[int, int]]:
    """`getDataPoints`: each left row takes the nearest right row of its image that is left."""
    buckets: Mapping[str, list[int]] = defaultdict(list)
    for index, image in enumerate(right.column("SOURCE_IMAGE_NAME")):
        buckets[image].append(index)
    ours = np.array([left.column(name) for name in distortions], float)
    theirs = np.array([right.column(name) for name in distortions], float)
    found = []
    for index, image in enumerate(left.column("SOURCE_IMAGE_NAME")):
        bucket = buckets[image]
        if not bucket:
            continue
        if not distortions:  # the image alone
            found.append((index, bucket.pop()))
            continue
        mine, other = ours[:, [index]], theirs[:, bucket]
        largest = np.maximum(np.abs(mine), np.abs(other))
        errors = np.where(mine == other, 0.0, 1 - np.minimum(np.abs(mine), np.abs(other)) / largest)
        fits = (errors <= TOLERANCE).all(axis=0) & (np.sign(mine) == np.sign(other)).all(axis=0)
        if fits.any():
            total = np.where(fits, (1 + errors).prod(axis=0), np.inf)
            best = int(total.argmin())
            found.append((index, bucket[best]))
            bucket[best] = bucket[-1]
            bucket.pop()
    return found


def size_ratio(left: Batch, right: Batch, pairs: list[tuple[int, int]]) -> float:
    """`computeStats`: the geometric mean of the ratios of sizes."""
    ours, theirs = left.column("ENCODED_SIZE"), right.column("ENCODED_SIZE")
    return float(np.exp(np.mean([np.log(ours[a] / theirs[b]) for a, b in pairs])))


@pytest.fixture(scope="module")
def exported() -> dict[str, bytes]:
    results = load_results(ArtifactStore.default(), "imagenette160")
    images = sorted(results.frame["image"].astype(str).unique())[::8]
    frame = results.frame[results.frame["image"].isin(images)]
    labels = {name: codec.label for name, codec in codecs().items()}
    return exchange_files(frame, results.manifests, dataset="imagenette160", labels=labels)


def batches_of(exported: dict[str, bytes], name: str) -> dict[str, Batch]:
    """`jsonToBatches`: each entry becomes a path by `toString`, beside the list."""
    paths = [",".join(entry) for entry in json.loads(exported[f"codec-compare/{name}.json"])]
    return {path: loaded(exported[f"codec-compare/{path}"]) for path in paths}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["batches", "lossless_batches"])
def test_the_viewer_knows_every_batch_and_its_columns(exported, name: str) -> None:
    found = batches_of(exported, name)
    assert len(found) >= 5
    for batch in found.values():
        assert {"BATCH_NAME", "CODEC_NAME", "CODEC_VERSION", "DATE"} <= batch.constants.keys()
        assert "SOURCE_DATA_SET" in batch.constants
        known = {"SOURCE_IMAGE_NAME", "WIDTH", "HEIGHT", "ENCODED_SIZE", "ENCODING_DURATION"}
        assert known <= set(batch.fields)
        numbers = [name for name in batch.fields if name != "SOURCE_IMAGE_NAME"]
        for field in numbers:
            assert np.isfinite(np.array(batch.column(field), float)).all()
        for field in ("WIDTH", "HEIGHT", "ENCODED_SIZE"):  # integers, or it offers no rate
            assert all(isinstance(value, int) for value in batch.column(field))
        assert len({batch.constants["SOURCE_DATA_SET"]}) == 1


@pytest.mark.slow
def test_the_viewer_matches_images_of_equal_quality_between_the_codecs(exported) -> None:
    found = batches_of(exported, "batches")
    assert next(iter(found)) == "jpeg.json"
    distortions = enabled(list(found.values()))
    assert distortions == ["SSIM", "PSNR"]
    jpeg, ratios = found["jpeg.json"], {}
    images = len(set(jpeg.column("SOURCE_IMAGE_NAME")))
    for path, batch in found.items():
        pairs = matches(batch, jpeg, distortions)
        if path in ("bottleneck.json", "webp.json", "avif_444.json", "jpeg_xl.json"):
            assert len(pairs) > images // 2
            ratios[path] = size_ratio(batch, jpeg, pairs)
    assert ratios["bottleneck.json"] < ratios["avif_444.json"] < ratios["webp.json"] < 1
    assert matches(jpeg, jpeg, distortions) == [(i, i) for i in range(len(jpeg.rows))]
    assert size_ratio(jpeg, jpeg, matches(jpeg, jpeg, distortions)) == 1.0


@pytest.mark.slow
def test_the_viewer_compares_lossless_batches_by_the_image_alone(exported) -> None:
    found = list(batches_of(exported, "lossless_batches").values())
    assert enabled(found) == []
    assert all(len(matches(batch, found[0], [])) == len(found[0].rows) for batch in found[1:])
