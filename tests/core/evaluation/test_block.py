import io
from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image

from core.codecs import get_codec
from core.dataset.image_source import FolderSource
from core.evaluation.block import Block, measure_block, operating_points
from core.evaluation.table import from_parquet, to_frame
from core.store import ArtifactStore


@dataclass(frozen=True)
class Darker:
    codec: str = "jpeg"
    setting: str = "float"
    dial: None = None

    def reconstruct(self, image):
        return image // 2


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "artifacts")


@pytest.fixture
def block(store, tmp_path):
    """Block of PNG on two images, the second of which is broken."""
    (tmp_path / "images").mkdir()
    pixels = np.random.default_rng(1).integers(0, 256, (90, 90, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    (tmp_path / "images" / "a.png").write_bytes(file.getvalue())
    (tmp_path / "images" / "b.png").write_bytes(file.getvalue()[:100])
    source = FolderSource(tmp_path / "images")
    return Block(store.root, source, "png", ("a.png", "b.png"), frozenset({"a.png"}))


def measured(block):
    return to_frame(from_parquet(measure_block(block))).set_index("image")


def test_each_codec_stands_at_its_place_on_the_dial(store):
    points = operating_points(get_codec("jpeg_xl"), store)
    assert [point.dial for point in points] == [point.distance for point in points]


def test_a_codec_without_a_dial_has_no_place(store):
    assert [point.dial for point in operating_points(get_codec("png"), store)] == [None]


def test_references_come_after_the_sweep_and_off_the_dial(store):
    codec = replace(get_codec("jpeg"), references=lambda store: [Darker()])
    *sweep, reference = operating_points(codec, store)
    assert list(sweep) == list(codec.sweep(store))
    assert (reference, reference.dial) == (Darker(), None)


def test_a_broken_image_gives_a_row_with_its_error_beside_the_others(block):
    frame = measured(block)
    assert frame.loc["a.png", "lossless"]
    assert frame.loc["b.png", "error"].startswith("ImageError: ")
    assert frame["bytes"].isna().tolist() == [False, True]


def test_slow_metrics_are_measured_where_the_block_says(block):
    assert measured(block).loc["a.png", "ssimulacra2"] == 100.0
    without = measured(replace(block, subset=frozenset()))
    assert without["ssimulacra2"].isna().all()
    assert without.loc["a.png", "ssim"] == 1.0
