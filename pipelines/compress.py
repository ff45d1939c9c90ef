"""Compresses one image with any of the codecs."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.codecs import Codec, get_codec
from core.codecs.base import OperatingPoint
from core.codecs.dial_search import match_bytes
from core.errors import CodecError
from core.images import Image
from core.intake.decode import decode_image
from core.intake.errors import ImageError, Limits
from core.store import ArtifactStore
from pipelines.base import UserError, option, run_step
from pipelines.file_exchange import (
    check_writable,
    pixel_count,
    read_file,
    replace_file,
    shown_progress,
)

_LIMITS = Limits(max_bytes=200_000_000)


@dataclass(frozen=True)
class CompressConfig:
    """What to compress, and how."""

    image: Path = option(help="image to compress, such as photo.png", positional=True)
    output: Path = option(help="file to write, such as photo.bnk", positional=True)
    codec: str = option("bottleneck", help="codec, such as bottleneck or avif")
    quality: float | None = option(None, help="position of the codec's dial")
    target_bytes: int | None = option(None, help="largest size of the file")
    target_bpp: float | None = option(None, help="the same in bits per pixel")

    def __post_init__(self) -> None:
        goals = (self.quality, self.target_bytes, self.target_bpp)
        if sum(goal is not None for goal in goals) > 1:
            raise ValueError("Give one of --quality, --target-bytes and --target-bpp.")
        if self.target_bytes is not None and self.target_bytes < 1:
            raise ValueError(f"--target-bytes must be at least 1; received {self.target_bytes}.")
        if self.target_bpp is not None and not self.target_bpp > 0:
            raise ValueError(f"--target-bpp must be positive; received {self.target_bpp:g}.")

    def most_bytes(self, pixels: int) -> int | None:
        """Largest size that was asked for; None without."""
        if self.target_bpp is not None:
            return max(1, int(self.target_bpp * pixels / 8))
        return self.target_bytes


@dataclass(frozen=True)
class _File:
    point: OperatingPoint
    data: bytes


def compress(config: CompressConfig) -> None:
    """Compresses one image with any of the codecs."""
    check_writable(config.output, inputs=[config.image])
    try:
        codec = get_codec(config.codec)
        image = decode_image(read_file(config.image), limits=_LIMITS).pixels
    except ImageError as error:
        raise UserError(f"{config.image}: {error}") from error
    except ValueError as error:
        raise UserError(str(error)) from error
    pixels = pixel_count(image)
    try:
        with shown_progress(pixels):
            file = _encode(config, codec, image)
    except CodecError as error:
        raise UserError(str(error)) from error
    replace_file(config.output, file.data)
    size = len(file.data)
    print(
        f"{config.output}: {size:,} bytes, {8 * size / pixels:.3f} bits per pixel, "
        f"{codec.name} {file.point.setting}"
    )


def _encode(config: CompressConfig, codec: Codec, image: Image) -> _File:
    store = ArtifactStore.default()
    most = config.most_bytes(pixel_count(image))
    if most is not None:
        return _fitting(codec, image, most, store)
    point = _point(config, codec, store)
    return _File(point, point.encode(image))


def _point(config: CompressConfig, codec: Codec, store: ArtifactStore) -> OperatingPoint:
    if codec.dial is None or codec.at is None:
        if config.quality is not None:
            raise UserError(f"{codec.label} has no dial; leave --quality out.")
        return codec.sweep(store)[0]
    value = codec.dial.default if config.quality is None else config.quality
    try:
        return codec.at(value, store)
    except ValueError as error:
        raise UserError(str(error)) from error


def _fitting(codec: Codec, image: Image, most: int, store: ArtifactStore) -> _File:
    """Largest file of the codec that is not above a size."""
    if codec.dial is None:
        raise UserError(f"{codec.label} has no dial, so its files have one size only.")
    match = match_bytes(codec, image, most, bound="at_most", store=store)
    if match.achieved > most:
        raise UserError(
            f"{codec.label} cannot make a file of {most:,} bytes of this image; "
            f"its smallest has {match.achieved:,.0f}."
        )
    return _File(match.point, match.data)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of the step."""
    return run_step(CompressConfig, compress, name="compress", argv=argv)


if __name__ == "__main__":
    sys.exit(main())
