"""Decompresses files, whichever codecs wrote them, to PNG files."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.codecs import Codec, codecs, get_codec
from core.codecs.recognition import Recognised, any_point, recognise
from core.entropy.errors import CorruptStream
from core.errors import CodecError
from core.intake.door import DEFAULT_LIMITS
from core.intake.errors import ImageError
from core.intake.formats import IMAGE_FORMATS, describe, identify
from core.png import encode_png
from core.store import ArtifactStore, atomic
from pipelines.base import UserError, option, run_step
from pipelines.file_batch import Outcome, run_batch, unnamed_outputs
from pipelines.file_exchange import STANDARD, read_source, shown_progress, write_output
from pipelines.file_plan import Job, plan
from pipelines.file_suffixes import (
    decodable_suffixes,
    format_of,
    note_on_suffix,
    suffixes_of,
    written_format,
)

#: Bytes from which a file is likely to hold an image that takes a while.
_LARGE_FILE = 100_000


@dataclass(frozen=True)
class DecompressConfig:
    """What to decompress, and where to."""

    paths: tuple[str, ...] = option(
        (),
        help="files, folders or patterns to decompress, then the PNG file or the folder to write, "
        "such as photo.bnk photo.png; - is the standard input or output",
        positional=True,
    )
    codec: str | None = option(
        None,
        help="codec of the files, needed where they do not name their format; a format of others "
        "is read as every image is",
        metavar="NAME",
    )
    jobs: int = option(1, help="files that are decompressed at a time")
    dry_run: bool = option(False, help="say what would be written, and write nothing")
    replace: bool = option(
        False, help="replace files of the outputs' names in a folder, which may be the originals"
    )

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise ValueError(f"--jobs must be at least 1; received {self.jobs}.")
        if self.codec is not None:
            get_codec(self.codec)


def decompress(config: DecompressConfig) -> None:
    """Decompresses files, whichever codecs wrote them, to PNG files."""
    accepted = suffixes_of(get_codec(config.codec)) if config.codec else decodable_suffixes()
    jobs = plan(config.paths, suffix=".png", accepted=accepted, example="photo.bnk photo.png")
    for job in jobs:
        _check_is_png(job.output)
    work = partial(_decompress_file, codec=config.codec)
    spared = [] if config.replace else unnamed_outputs(jobs)
    run_batch(jobs, work, processes=config.jobs, dry_run=config.dry_run, spared=spared)


def _check_is_png(output: Path) -> None:
    if output != STANDARD and output.suffix.lower() != ".png" and not atomic.is_stream(output):
        raise UserError(f"The output is a PNG file, such as photo.png; received {output}.")


def _decompress_file(job: Job, *, codec: str | None) -> Outcome:
    """Decompresses one file; runs in a process of its own where there are several jobs."""
    data = read_source(job.source)
    found = _decoded(job.source, data, codec)
    written = encode_png(found.image)
    write_output(job.output, written)
    height, width = found.image.shape[:2]
    return Outcome(
        summary=f"{job.output}: {width}x{height} pixels, from {found.origin}",
        notes=(*found.notes, *note_on_suffix(job.source, found.format)),
        bytes_read=len(data),
        bytes_written=len(written),
        pixels=width * height,
    )


def _decoded(source: Path, data: bytes, codec: str | None) -> Recognised:
    try:
        # Only a decoder knows the size; a bar for a file of some size is shown in any case.
        with shown_progress(len(data) * 1_000_000 // _LARGE_FILE):
            store = ArtifactStore.default()
            if codec is None:
                return recognise(data, store, limits=DEFAULT_LIMITS)
            return _decoded_by(get_codec(codec, store), data, store)
    except (CodecError, ImageError) as error:
        broken = " The file is damaged or incomplete." if isinstance(error, CorruptStream) else ""
        raise UserError(f"{source}: {error}{broken}{_advice(source, codec)}") from error


def _decoded_by(codec: Codec, data: bytes, store: ArtifactStore) -> Recognised:
    """Image of a file of a codec; a format of others is read as every image is."""
    wanted = written_format(codec)
    if wanted in IMAGE_FORMATS:
        if identify(data) == wanted:
            return recognise(data, store, limits=DEFAULT_LIMITS)
        received = identify(data) or describe(data)
        raise CodecError(f"Expected a complete {wanted} file; received {received}.")
    image = any_point(codec, store).decode(data)
    return Recognised(codec.label, wanted, image)


def _advice(source: Path, codec: str | None) -> str:
    """What to do where a file's suffix is that of codecs, but of no format."""
    if codec is not None or format_of(source.suffix) is not None:
        return ""
    names = [name for name, one in codecs().items() if one.suffix == source.suffix.lower()]
    return f" If {names[0]} wrote it, add --codec {names[0]}." if names else ""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of the step."""
    kept = "what was written is kept. Run it again, into a folder with --replace."
    return run_step(DecompressConfig, decompress, name="decompress", argv=argv, kept=kept)


if __name__ == "__main__":
    sys.exit(main())
