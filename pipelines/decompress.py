"""Decompresses one file, whichever codec wrote it, to a PNG file."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.codecs.recognition import decode_any
from core.errors import CodecError
from core.png import encode_png
from core.store import ArtifactStore
from pipelines.base import UserError, option, run_step
from pipelines.file_exchange import check_writable, read_file, replace_file, shown_progress

#: Bytes from which a file is likely to hold an image that takes a while.
_LARGE_FILE = 100_000


@dataclass(frozen=True)
class DecompressConfig:
    """What to decompress, and where to."""

    file: Path = option(help="file to decompress, such as photo.bnk", positional=True)
    output: Path = option(help="PNG file to write, such as photo.png", positional=True)

    def __post_init__(self) -> None:
        if self.output.suffix.lower() != ".png":
            raise ValueError(
                f"The output is a PNG file, such as photo.png; received {self.output}."
            )


def decompress(config: DecompressConfig) -> None:
    """Decompresses one file, whichever codec wrote it, to a PNG file."""
    check_writable(config.output, inputs=[config.file])
    data = read_file(config.file)
    try:
        # Only a decoder knows the size; a bar for a file of some size is shown in any case.
        with shown_progress(len(data) * 1_000_000 // _LARGE_FILE):
            found = decode_any(data, ArtifactStore.default())
    except CodecError as error:
        raise UserError(f"{config.file}: {error}") from error
    replace_file(config.output, encode_png(found.image))
    height, width = found.image.shape[:2]
    print(f"{config.output}: {width}x{height} pixels, from {found.codec.name}")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of the step."""
    return run_step(DecompressConfig, decompress, name="decompress", argv=argv)


if __name__ == "__main__":
    sys.exit(main())
