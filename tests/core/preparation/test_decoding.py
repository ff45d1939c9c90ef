"""Decoding pictures into array files."""

from io import BytesIO
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from core.preparation.decoding import Task, create_array, decode_all, stored_picture
from core.preparation.errors import PreparationError


def _noise(height: int, width: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _file(pixels: np.ndarray, format: str = "PNG") -> bytes:
    buffer = BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, format)
    return buffer.getvalue()


def test_rows_land_where_they_belong_and_traits_come_with_them(tmp_path: Path) -> None:
    array = tmp_path / "a.npy"
    create_array(array, 40)
    pictures = [_noise(160, 160, seed=number) for number in range(40)]
    pictures[3] = np.repeat(pictures[3][:, :, :1], 3, axis=2)
    tasks = [Task(f"n/{row}", _file(pixels), array, row) for row, pixels in enumerate(pictures)]
    counted: list[int] = []
    traits = {t.id: t for t in decode_all(reversed(tasks), processes=1, advance=counted.append)}
    assert np.array_equal(np.load(array), np.stack(pictures))
    assert sum(counted) == len(traits) == 40
    assert [picture for picture in traits if traits[picture].grey] == ["n/3"]
    assert len({picture.phash for picture in traits.values()}) == 40


def test_the_whole_picture_is_resized_and_its_size_is_kept_in_the_traits(tmp_path: Path) -> None:
    create_array(tmp_path / "a.npy", 1)
    pixels = np.zeros((300, 100, 3), dtype=np.uint8)
    pixels[150:] = (10, 200, 30)
    task = Task("n/tall", _file(pixels), tmp_path / "a.npy", 0)
    (traits,) = decode_all([task], processes=1, advance=lambda count: None)
    assert (traits.source_width, traits.source_height) == (100, 300)
    stored = np.load(tmp_path / "a.npy")[0]
    assert (stored[:70] == 0).all()
    assert (stored[90:] == (10, 200, 30)).all()


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGBA", "1", "LA"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    picture = PIL.Image.fromarray(_noise(20, 30)).convert(mode)
    stored = stored_picture(picture)
    assert (stored.mode, stored.size) == ("RGB", (160, 160))


def test_resizing_smooths_so_that_fine_detail_does_not_alias() -> None:
    stripes = np.zeros((640, 640, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    stored = np.asarray(stored_picture(PIL.Image.fromarray(stripes)))
    assert stored.std() < 2
    assert abs(stored.mean() - 127.5) < 2


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_damaged_picture_is_named(tmp_path: Path, format: str) -> None:
    create_array(tmp_path / "a.npy", 1)
    data = _file(_noise(50, 50), format)
    task = Task("n/broken", data[: len(data) // 2], tmp_path / "a.npy", 0)
    with pytest.raises(PreparationError, match="picture n/broken does not decode"):
        list(decode_all([task], processes=1, advance=lambda count: None))


def test_a_picture_too_large_is_refused_by_its_header_alone(tmp_path: Path) -> None:
    buffer = BytesIO()
    PIL.Image.new("1", (6000, 6000)).save(buffer, "PNG")
    task = Task("n/huge", buffer.getvalue(), tmp_path / "a.npy", 0)
    with pytest.raises(PreparationError, match="n/huge is 6000x6000; at most 32000000"):
        list(decode_all([task], processes=1, advance=lambda count: None))
