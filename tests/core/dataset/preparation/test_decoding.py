"""Decoding images into array files."""

from io import BytesIO
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from core.dataset.preparation.decoding import Task, create_array, decode_all, stored_image
from core.dataset.preparation.errors import PreparationError
from core.intake.notes import ALPHA_NOTE, DEPTH_NOTE


def _noise(height: int, width: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _file(pixels: np.ndarray, format: str = "PNG") -> bytes:
    buffer = BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, format)
    return buffer.getvalue()


def test_rows_land_where_they_belong_and_traits_come_with_them(tmp_path: Path) -> None:
    array = tmp_path / "a.npy"
    create_array(array, 40)
    images = [_noise(160, 160, seed=number) for number in range(40)]
    images[3] = np.repeat(images[3][:, :, :1], 3, axis=2)
    tasks = [Task(f"n/{row}", _file(pixels), array, row) for row, pixels in enumerate(images)]
    counted: list[int] = []
    traits = {t.id: t for t in decode_all(reversed(tasks), processes=1, advance=counted.append)}
    assert np.array_equal(np.load(array), np.stack(images))
    assert sum(counted) == len(traits) == 40
    assert [image for image in traits if traits[image].grey] == ["n/3"]
    assert len({image.phash for image in traits.values()}) == 40


def test_the_whole_image_is_resized_and_its_size_is_kept_in_the_traits(tmp_path: Path) -> None:
    create_array(tmp_path / "a.npy", 1)
    pixels = np.zeros((300, 100, 3), dtype=np.uint8)
    pixels[150:] = (10, 200, 30)
    task = Task("n/tall", _file(pixels), tmp_path / "a.npy", 0)
    (traits,) = decode_all([task], processes=1, advance=lambda count: None)
    assert (traits.source_width, traits.source_height) == (100, 300)
    stored = np.load(tmp_path / "a.npy")[0]
    assert (stored[:70] == 0).all()
    assert (stored[90:] == (10, 200, 30)).all()


def test_images_are_decoded_as_everywhere_else_and_what_that_changed_is_told(
    tmp_path: Path,
) -> None:
    create_array(tmp_path / "a.npy", 2)
    ramp = np.tile(np.arange(256, dtype=np.uint16) * 257, (160, 1))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    turned = BytesIO()
    PIL.Image.new("RGBA", (30, 20), (255, 0, 0, 0)).save(turned, "PNG", exif=exif)
    tasks = [
        Task("n/deep", _file(ramp), tmp_path / "a.npy", 0),
        Task("n/turned", turned.getvalue(), tmp_path / "a.npy", 1),
    ]
    traits = {t.id: t for t in decode_all(tasks, processes=2, advance=lambda count: None)}
    deep, transparent = np.load(tmp_path / "a.npy")
    assert abs(deep.mean() - 127.5) < 1
    assert (transparent == 255).all()
    assert traits["n/deep"].notes == (DEPTH_NOTE,)
    assert traits["n/turned"].notes == (ALPHA_NOTE,)
    assert (traits["n/turned"].source_width, traits["n/turned"].source_height) == (20, 30)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGBA", "1", "LA"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = PIL.Image.fromarray(_noise(20, 30)).convert(mode)
    stored = stored_image(image)
    assert (stored.mode, stored.size) == ("RGB", (160, 160))


def test_resizing_smooths_so_that_fine_detail_does_not_alias() -> None:
    stripes = np.zeros((640, 640, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    stored = np.asarray(stored_image(PIL.Image.fromarray(stripes)))
    assert stored.std() < 2
    assert abs(stored.mean() - 127.5) < 2


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_damaged_image_is_named(tmp_path: Path, format: str) -> None:
    create_array(tmp_path / "a.npy", 1)
    data = _file(_noise(50, 50), format)
    task = Task("n/broken", data[: len(data) // 2], tmp_path / "a.npy", 0)
    with pytest.raises(PreparationError, match="image n/broken does not decode"):
        list(decode_all([task], processes=1, advance=lambda count: None))


def test_an_image_too_large_is_refused_by_its_header_alone(tmp_path: Path) -> None:
    buffer = BytesIO()
    PIL.Image.new("1", (6000, 6000)).save(buffer, "PNG")
    task = Task("n/huge", buffer.getvalue(), tmp_path / "a.npy", 0)
    with pytest.raises(PreparationError, match=r"n/huge .*received 6000 x 6000 .* 16 mega"):
        list(decode_all([task], processes=1, advance=lambda count: None))
