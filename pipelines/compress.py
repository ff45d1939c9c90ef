"""Compresses images with any of the codecs."""

import sys
from collections.abc import Sequence
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from core.codecs import Codec, codecs, get_codec, unavailable
from core.codecs.base import OperatingPoint
from core.errors import CodecError
from core.evaluation.dial_search import match_bytes
from core.images import Image
from core.intake.decode import DecodedImage
from core.intake.door import DEFAULT_LIMITS, read_image
from core.intake.errors import ImageError
from core.intake.formats import IMAGE_SUFFIXES
from core.store import ArtifactStore
from pipelines.base import UserError, option, run_step
from pipelines.file_batch import Outcome, outputs_beside_inputs, run_batch
from pipelines.file_exchange import pixel_count, read_source, shown_progress, write_output
from pipelines.file_plan import Job, plan
from pipelines.file_suffixes import (
    codec_for,
    format_of,
    is_suffix_of,
    note_on_suffix,
    written_format,
)


def _codec_help() -> str:
    lacking = [f"{name} {reason}" for name, reason in unavailable().items()]
    return (
        f"one of {', '.join(codecs())}; without it the one that the output's suffix stands for, "
        f"else bottleneck{''.join(f'; {reason}' for reason in lacking)}"
    )


@dataclass(frozen=True)
class CompressConfig:
    """What to compress, and how."""

    paths: tuple[str, ...] = option(
        (),
        help="images, folders or patterns to compress, then the file or folder to write, such as "
        "photo.png photo.bnk; - is the standard input or output",
        positional=True,
    )
    codec: str | None = option(None, help=_codec_help)
    quality: float | None = option(None, help="position of the codec's dial")
    target_bytes: int | None = option(None, help="largest size of a file")
    target_bpp: float | None = option(None, help="the same in bits per pixel")
    effort: int | None = option(
        None,
        help="how long the encoder searches for a smaller file, where a codec has a choice: 0 to 3 "
        "for bottleneck (0 by default), 1 to 9 for jpeg_xl",
    )
    jobs: int = option(1, help="images that are compressed at a time")
    dry_run: bool = option(False, help="say what would be written, and write nothing")
    replace: bool = option(
        False, help="replace files of the outputs' names that lie beside the inputs"
    )

    def __post_init__(self) -> None:
        goals = (self.quality, self.target_bytes, self.target_bpp)
        if sum(goal is not None for goal in goals) > 1:
            raise ValueError("Give one of --quality, --target-bytes and --target-bpp.")
        if self.target_bytes is not None and self.target_bytes < 1:
            raise ValueError(f"--target-bytes must be at least 1; received {self.target_bytes}.")
        if self.target_bpp is not None and not self.target_bpp > 0:
            raise ValueError(f"--target-bpp must be positive; received {self.target_bpp:g}.")
        if self.jobs < 1:
            raise ValueError(f"--jobs must be at least 1; received {self.jobs}.")

    def max_bytes(self, pixels: int) -> int | None:
        """Largest size that was asked for; None without."""
        if self.target_bpp is not None:
            return max(1, int(min(self.target_bpp * pixels / 8, DEFAULT_LIMITS.max_bytes)))
        return self.target_bytes

    @property
    def codec_name(self) -> str:
        """Codec that was asked for, or that the output's suffix stands for."""
        return self.codec or codec_for(Path(self.paths[-1] if self.paths else ""))


@dataclass(frozen=True)
class _File:
    point: OperatingPoint
    data: bytes


def compress(config: CompressConfig) -> None:
    """Compresses images with any of the codecs."""
    try:
        codec = _codec(config)
    except ValueError as error:
        raise UserError(str(error)) from error
    jobs = plan(
        config.paths, suffix=codec.suffix, accepted=IMAGE_SUFFIXES, example="photo.png photo.bnk"
    )
    if config.max_bytes(1) is not None and (codec.dial is None or codec.at is None):
        raise UserError(f"{codec.label} has no dial, so its files have one size only.")
    _point(config, codec, ArtifactStore.default())  # a bad quality or a missing model ends here
    work = partial(_compress_file, config)
    spared = [] if config.replace else outputs_beside_inputs(jobs)
    run_batch(jobs, work, processes=config.jobs, dry_run=config.dry_run, spared=spared)


def _compress_file(config: CompressConfig, job: Job) -> Outcome:
    """Compresses one image; runs in a process of its own where there are several jobs."""
    codec = _codec(config)
    data = read_source(job.source)
    found = _decoded(job.source, data)
    pixels = pixel_count(found.pixels)
    try:
        with shown_progress(pixels):
            file = _encode(config, codec, found.pixels)
    except (CodecError, UserError) as error:
        raise UserError(f"{job.source}: {error}") from error
    write_output(job.output, file.data)
    size = len(file.data)
    notes = (*found.notes, *note_on_suffix(job.source, found.format))
    return Outcome(
        summary=f"{job.output}: {size:,} bytes, {8 * size / pixels:.3f} bits per pixel, "
        f"{codec.name} {file.point.setting}",
        notes=(*notes, *_notes_on_output(config, job.output, codec)),
        bytes_read=len(data),
        bytes_written=size,
        pixels=pixels,
    )


def _notes_on_output(config: CompressConfig, output: Path, codec: Codec) -> tuple[str, ...]:
    is_unknown = output.suffix and format_of(output.suffix) is None
    if config.codec is None and is_unknown and not is_suffix_of(codec, output):
        return (f"{output.name} holds {codec.label}; no codec has the suffix {output.suffix}.",)
    return note_on_suffix(output, written_format(codec))


def _codec(config: CompressConfig) -> Codec:
    """The codec, with the effort that was asked for.

    Raises:
        ValueError: There is no such codec.
    """
    codec = get_codec(config.codec_name)
    if config.effort is None:
        return codec
    return replace(
        codec,
        sweep=lambda store: [_with_effort(config, point) for point in codec.sweep(store)],
        at=codec.at and (lambda value, store=None: _with_effort(config, codec.at(value, store))),
    )


def _with_effort(config: CompressConfig, point: OperatingPoint) -> OperatingPoint:
    knobs: Sequence[Field[Any]] = fields(point) if is_dataclass(point) else ()
    efforts = next((knob.metadata["choices"] for knob in knobs if knob.name == "effort"), ())
    if not efforts:
        raise UserError(f"{config.codec_name} has no effort; leave --effort out.")
    if config.effort not in efforts:
        raise UserError(
            f"--effort must {_spelled(efforts)} for {config.codec_name}; received {config.effort}."
        )
    return replace(point, effort=config.effort)  # type: ignore[type-var]


def _spelled(efforts: Sequence[int]) -> str:
    first, last = efforts[0], efforts[-1]
    if tuple(efforts) == tuple(range(first, last + 1)):
        return f"lie in {first}..{last}"
    return f"be one of {', '.join(map(str, efforts))}"


def _decoded(source: Path, data: bytes) -> DecodedImage:
    try:
        return read_image(data, DEFAULT_LIMITS)
    except ImageError as error:
        raise UserError(f"{source}: {error}") from error


def _encode(config: CompressConfig, codec: Codec, image: Image) -> _File:
    store = ArtifactStore.default()
    max_bytes = config.max_bytes(pixel_count(image))
    if max_bytes is not None:
        return _fitting(codec, image, max_bytes, store)
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


def _fitting(codec: Codec, image: Image, max_bytes: int, store: ArtifactStore) -> _File:
    """Largest file of the codec that is not above a size."""
    match = match_bytes(codec, image, max_bytes, bound="at_most", store=store)
    if match.achieved > max_bytes:
        raise UserError(
            f"{codec.label} cannot make a file of {max_bytes:,} bytes of this image; "
            f"the smallest that was found has {match.achieved:,.0f}."
        )
    return _File(match.point, match.data)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of the step."""
    kept = "what was written is kept. Run it again, beside the inputs with --replace."
    return run_step(CompressConfig, compress, name="compress", argv=argv, kept=kept)


if __name__ == "__main__":
    sys.exit(main())
