"""What results say of images that were compressed before."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image

from core.analysis.source_quality import (
    Fall,
    compressed_before_line,
    falls_line,
    first_falls,
)
from core.dataset.compressed_before import jpeg_note
from core.dataset.photographs import photographs
from core.evaluation.measurements import Curve
from core.store import ArtifactStore

STEADY = Curve("jpeg", "psnr_db", ("q=10", "q=50", "q=75"), (0.5, 1.0, 2.0), (28.0, 33.0, 36.0), 9)


def test_a_curve_on_which_more_bytes_lose_quality_is_named_with_its_settings() -> None:
    falling = replace(STEADY, codec="webp", values=(28.0, 36.0, 35.0))
    assert first_falls([STEADY, falling]) == [Fall("webp", "q=50", "q=75")]
    assert "WebP (q=50 to q=75)" in falls_line([Fall("webp", "q=50", "q=75")], {"webp": "WebP"})


def test_equal_values_and_tiny_falls_are_no_fall() -> None:
    flat = replace(STEADY, values=(36.0, 36.0, 36.0))
    tiny = replace(STEADY, values=(28.0, 36.0, 35.99))
    assert first_falls([flat, tiny, replace(STEADY, settings=(), values=())]) == []
    assert falls_line([], {}) == ""


def test_images_with_blocks_of_jpeg_are_counted_from_the_notes_of_results_or_data_set(
    tmp_path: Path,
) -> None:
    note = jpeg_note(_blocky())
    assert note
    store = ArtifactStore(tmp_path)
    results = store.commit("results/mine/jpeg", {"jpeg.txt": b""}, facts={"notes": {note: 3}})
    plain = store.commit("results/mine/webp", {"webp.txt": b""}, facts={"notes": {"Turned.": 2}})
    assert compressed_before_line([plain, results], None, images=4).startswith("3 of 4 images")
    assert compressed_before_line([plain], None, images=4) == ""
    facts = {"notes": {note: 5}, "counts": {"train": 4, "test": 2}}
    prepared = store.commit("datasets/mine", {"mine.txt": b""}, facts=facts)
    assert compressed_before_line([], prepared, images=2).startswith("5 of 6 images")
    assert compressed_before_line([], None, images=2) == ""


def test_one_image_with_blocks_is_spoken_of_as_one(tmp_path: Path) -> None:
    note = jpeg_note(_blocky())
    store = ArtifactStore(tmp_path)
    results = store.commit("results/mine/jpeg", {"jpeg.txt": b""}, facts={"notes": {note: 1}})
    line = compressed_before_line([results], None, images=24)
    assert line.startswith("1 of 24 images was probably a JPEG file before: ")
    assert "left in it. It favours codecs like JPEG" in line
    alone = compressed_before_line([results], None, images=1)
    assert alone.startswith("1 of 1 image was")


def _blocky() -> np.ndarray:
    """A photograph that was resized and then a JPEG file."""
    file = io.BytesIO()
    image = PIL.Image.fromarray(photographs()["Coffee cup"]).resize((400, 266))
    image.save(file, "JPEG", quality=60)
    return np.asarray(PIL.Image.open(file))
