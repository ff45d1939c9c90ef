"""What sets each codec apart from the others."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL.JpegImagePlugin import get_sampling

from core.codecs import codecs, get_codec, unavailable
from core.codecs.avif import Avif
from core.codecs.avif_444 import Avif444
from core.codecs.jpeg import Jpeg
from core.codecs.jpeg2000 import Jpeg2000
from core.codecs.jpeg_optimized import JpegOptimized
from core.codecs.jpeg_xl import DIAL as DISTANCE
from core.codecs.jpeg_xl import JpegXl
from core.codecs.jpeg_xl_lossless import JpegXlLossless
from core.codecs.png import Png
from core.codecs.tiff_deflate import TiffDeflate
from core.codecs.tiff_lzw import TiffLzw
from core.codecs.webp import Webp
from core.codecs.webp_lossless import WebpLossless
from core.codecs.webp_slow import WebpSlow
from core.dataset.splits import sample_images
from core.errors import CodecError
from core.images import Image
from tests.conftest import AddCodec

COMPRESSION_TAG, LZW, DEFLATE = 259, 5, 8
THESIS_QUALITIES = {25, 50, 75}
SHIPPED = {
    "ae20", "ae20_rd", "ae40", "ae40_rd", "ae80", "ae80_rd", "avif", "avif_444", "avif_slow",
    "bottleneck", "bottleneck_slow", "bottleneck_visual", "heic", "heic_444", "jpeg", "jpeg2000",
    "jpeg_optimized", "jpeg_xl", "jpeg_xl_lossless", "jpeg_xr", "jpegli", "png", "tiff_deflate",
    "tiff_lzw", "webp", "webp_lossless", "webp_slow",
}  # fmt: skip
NEED_PROGRAMS = {"avifenc", "bmshj2018_factorized", "cjxl"}


def written_by_pillow(image: Image, format_name: str, **options: Any) -> bytes:
    file = BytesIO()
    PillowImage.fromarray(image).save(file, format_name, **options)
    return file.getvalue()


def avif_subsampling(data: bytes) -> tuple[int, int]:
    """Horizontal and vertical flag of the AV1 configuration (AV1 in ISOBMFF, section 2.3.3)."""
    flags = data[data.index(b"av1C") + 6]
    return flags >> 3 & 1, flags >> 2 & 1


def psnr_db(first: Image, second: Image) -> float:
    difference = first.astype(np.float64) - second
    return float(10 * np.log10(255**2 / np.mean(difference**2)))


def test_all_codecs_that_need_no_program_are_found() -> None:
    assert codecs().keys() >= SHIPPED
    assert not codecs().keys() & unavailable().keys()


def test_labels_of_codecs_differ() -> None:
    labels = [codec.label for codec in codecs().values()]
    assert len(set(labels)) == len(labels)


def test_an_unknown_codec_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(ValueError, match=r"one of .*jpeg, .*webp.*; received 'heif'\."):
        get_codec("heif")


@pytest.mark.parametrize("name", ["jpeg", "jpeg_optimized", "webp", "webp_slow"])
def test_the_qualities_of_the_thesis_are_in_the_sweep(name: str) -> None:
    settings = {point.setting for point in get_codec(name).sweep(None)}
    assert settings >= {f"quality={quality}" for quality in THESIS_QUALITIES}


@pytest.mark.parametrize(
    ("name", "setting"),
    [("avif", "quality=50"), ("avif_444", "quality=50"), ("jpeg_xl", "distance=4")],
)
def test_the_reference_setting_is_in_the_sweep(name: str, setting: str) -> None:
    assert setting in {point.setting for point in get_codec(name).sweep(None)}


@pytest.mark.parametrize("quality", sorted(THESIS_QUALITIES))
def test_jpeg_and_webp_are_what_pillow_writes_by_default(quality: int, image: Image) -> None:
    assert Jpeg(quality).encode(image) == written_by_pillow(image, "JPEG", quality=quality)
    assert Webp(quality).encode(image) == written_by_pillow(image, "WEBP", quality=quality)


def test_the_dials_of_jpeg_and_webp_start_where_pillow_does(image: Image) -> None:
    for name, format_name in [("jpeg", "JPEG"), ("webp", "WEBP")]:
        codec = get_codec(name)
        assert codec.dial is not None
        assert codec.at is not None
        point = codec.at(codec.dial.default)
        assert point.encode(image) == written_by_pillow(image, format_name)


def test_lossless_formats_are_what_pillow_writes_by_default(image: Image) -> None:
    assert Png().encode(image) == written_by_pillow(image, "PNG")
    assert WebpLossless().encode(image) == written_by_pillow(image, "WEBP", lossless=True)
    assert TiffLzw().encode(image) == written_by_pillow(image, "TIFF", compression="tiff_lzw")


@pytest.mark.parametrize("quality", [5, 25, 50, 75, 95])
def test_optimised_jpeg_is_smaller_and_has_the_same_pixels(quality: int, image: Image) -> None:
    plain, optimised = Jpeg(quality), JpegOptimized(quality)
    plain_file, optimised_file = plain.encode(image), optimised.encode(image)
    assert len(optimised_file) < len(plain_file)
    assert np.array_equal(optimised.decode(optimised_file), plain.decode(plain_file))


def test_jpeg_is_baseline_and_optimised_jpeg_progressive_both_with_half_the_colour(
    image: Image,
) -> None:
    with PillowImage.open(BytesIO(Jpeg(50).encode(image))) as plain:
        assert "progressive" not in plain.info
        assert get_sampling(plain) == 2
    with PillowImage.open(BytesIO(JpegOptimized(50).encode(image))) as optimised:
        assert "progressive" in optimised.info
        assert get_sampling(optimised) == 2


def test_the_slow_method_of_webp_writes_smaller_files(image: Image) -> None:
    for quality in THESIS_QUALITIES:
        fast, slow = Webp(quality).encode(image), WebpSlow(quality).encode(image)
        assert len(slow) < len(fast)


def test_avif_halves_the_colour_and_avif_444_keeps_it(image: Image) -> None:
    assert avif_subsampling(Avif(50).encode(image)) == (1, 1)
    assert avif_subsampling(Avif444(50).encode(image)) == (0, 0)


def test_encoders_with_threads_use_one() -> None:
    assert Avif(50).options()["max_threads"] == 1
    assert JpegXl(distance=1).threads == JpegXlLossless().threads == 1


def test_jpeg_2000_stops_at_the_quality_asked_for(image: Image) -> None:
    for quality_db in (26, 32, 38):
        point = Jpeg2000(quality_db)
        decoded = point.decode(point.encode(image))
        assert psnr_db(image, decoded) == pytest.approx(quality_db, abs=1)


def test_jpeg_2000_without_its_lossy_tools_writes_larger_files(image: Image) -> None:
    ours = len(Jpeg2000(32).encode(image))
    bare = Jpeg2000(32, irreversible=False, colour_transform=False)
    assert len(bare.encode(image)) > 1.5 * ours


def test_a_jpeg_2000_file_that_ends_after_its_headers_is_refused(image: Image) -> None:
    point = Jpeg2000(32)
    data = point.encode(image)
    start_of_data = data.index(b"\xff\x93") + 2
    with pytest.raises(CodecError, match="end is missing"):
        point.decode(data[:start_of_data])


def test_jpeg_xl_files_are_bare_codestreams(image: Image) -> None:
    assert JpegXl(distance=4).encode(image).startswith(b"\xff\x0a")
    assert JpegXlLossless().encode(image).startswith(b"\xff\x0a")


@pytest.mark.parametrize(("point", "compression"), [(TiffLzw(), LZW), (TiffDeflate(), DEFLATE)])
def test_tiff_files_use_the_compression_of_their_codec(
    point: TiffLzw, compression: int, image: Image
) -> None:
    with PillowImage.open(BytesIO(point.encode(image))) as file:
        assert file.tag_v2[COMPRESSION_TAG] == compression


@pytest.mark.parametrize(
    ("point", "width"), [(Jpeg(50), 65536), (Webp(50), 16384), (WebpLossless(), 16384)]
)
def test_an_image_too_wide_for_the_format_is_refused(point: Jpeg | Webp, width: int) -> None:
    with pytest.raises(CodecError, match=f"cannot hold this image of {width}x1 pixels"):
        point.encode(np.zeros((1, width, 3), np.uint8))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_jpeg_that_is_not_rgb_is_refused(mode: str) -> None:
    file = BytesIO()
    PillowImage.new(mode, (8, 8)).save(file, "JPEG")
    with pytest.raises(CodecError, match="Expected an 8-bit RGB JPEG file"):
        Jpeg(50).decode(file.getvalue())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Jpeg(0), r"quality must lie in 1\.\.95; received 0\."),
        (lambda: Avif(101), r"quality must lie in 0\.\.100; received 101\."),
        (lambda: JpegXl(distance=0), r"distance must lie in 0\.05\.\.19\.95; received 0\."),
        (lambda: Jpeg2000(20.03), r"quality_db moves in steps of 0\.1 from 20; received 20\.03\."),
    ],
)
def test_a_codec_off_its_dial_cannot_be_made(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_the_largest_distances_of_jpeg_xl_give_the_smallest_files() -> None:
    photograph = np.ascontiguousarray(sample_images()["Coffee cup"][:200, :300])
    assert DISTANCE.positions()[0] > 19
    ends = [value for value in DISTANCE.positions() if value > 19][::3]
    sizes = [len(JpegXl(distance=value).encode(photograph)) for value in ends]
    assert sizes == pytest.approx(sorted(sizes), rel=0.02)


def test_nothing_here_is_mistaken_for_a_codec_that_lacks_something() -> None:
    others = {name: why for name, why in unavailable().items() if name not in NEED_PROGRAMS}
    assert not others.keys() & SHIPPED
    assert all(re.fullmatch("needs .*, which is not installed", why) for why in others.values())


def test_a_codec_of_ones_own_that_lacks_its_program_is_no_mistake(add_codec: AddCodec) -> None:
    add_codec(
        "mine",
        """
        from core.codecs.external.command_line import require_programs
        require_programs("no-such-encoder")
        """,
    )
    assert unavailable()["mine"] == "needs no-such-encoder, which is not installed"
    test_nothing_here_is_mistaken_for_a_codec_that_lacks_something()
