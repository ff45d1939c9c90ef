"""An encoder and a decoder that are commands, as a codec.

A codec of this kind is one small file: `core/codecs/cjxl.py` and `core/codecs/avifenc.py` show it.
Both commands read one file and write another. They run in a folder of their own that is removed
afterwards, on one thread, and within limits of time and memory. A command and its folder also end
when this process is killed.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from core.codecs.base import Knobs
from core.codecs.external.interchange import INTERCHANGES
from core.codecs.external.processes import (
    end_group,
    forget_processor_limit,
    limit_files,
    limit_memory,
)
from core.codecs.external.work_folder import WorkFolder, work_folder
from core.errors import CodecError
from core.images import Image

#: Environment variables that limit programs to one thread.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
_MAX_PRINTED_BYTES = 4000
_MAX_MESSAGE_CHARACTERS = 300
#: What programs end with when an option is wrong, which is not the reason.
_HINT = re.compile(r"(^|[\s'\"`])(-h|--help|-help|usage)\b", re.IGNORECASE)
_VERSION = r"v?(\d+(?:\.\d+)+\S*)"


def require_programs(*names: str) -> None:
    """Makes the importing module unavailable where a program is not installed.

    Raises:
        ImportError: A program is not on the path; it names the program.
    """
    for name in names:
        if shutil.which(name) is None:
            raise ImportError(f"The program {name} is not installed.", name=name)


@cache
def program_version(command: str, pattern: str = _VERSION) -> str:
    """First version number in what a command prints; `unknown` when it prints none.

    Args:
        command: Such as `cjxl --version`.
        pattern: Regular expression whose first group is the version, where the first number that
            is printed is not that of the encoder.
    """
    done = subprocess.run(
        shlex.split(command), capture_output=True, text=True, timeout=20, check=False
    )
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if found else "unknown"


@dataclass(frozen=True)
class CommandLineCodec(Knobs):
    """Base of codecs that are two commands.

    A subclass is a frozen dataclass whose fields are the encoder's settings. In the templates
    `{input}`, `{output}` and the names of the fields stand for their values, formatted as
    `str.format` does; the words are separated as a shell separates them, and no shell is run. The
    encoder's may also name the image's `{width}` and `{height}`; a decoder has the file alone.

    Programs for video take an image as Y4M, in Y'CbCr of BT.709, 4:4:4. VTM, for example, has
    `interchange` ".y4m", `encoder` "EncoderApp -c encoder_intra_vtm.cfg -i {input} -b {output} -o
    /dev/null -f 1 -q {qp} --ConformanceWindowMode=1" with the full path of the configuration, and
    `decoder` "DecoderApp -b {input} -o {output} -d 8".

    Attributes:
        codec: Name of the module that defines the subclass.
        scale: Dial of the codec.
        suffix: Ending of its files, dot included.
        interchange: Suffix of the 8-bit image files that the commands read and write: ".png",
            ".ppm" or ".y4m".
        encoder: Template of the command from such an image file to a file of the codec.
        decoder: Template of the command from a file of the codec to such an image file.
        seconds: Longest time of either command by the clock on the wall, which alone bounds it.
        memory_bytes: Most address space of either command, on Linux.
        file_bytes: Longest file that either command may write or print, on Linux.

    Example:
        >>> import numpy as np
        >>> @dataclass(frozen=True)
        ... class Copy(CommandLineCodec):
        ...     codec: ClassVar[str] = "copy"
        ...     suffix: ClassVar[str] = ".png"
        ...     encoder: ClassVar[str] = "cp {input} {output}"
        ...     decoder: ClassVar[str] = "cp {input} {output}"
        >>> image = np.zeros((4, 6, 3), np.uint8)
        >>> Copy().decode(Copy().encode(image)).shape
        (4, 6, 3)
    """

    is_external: ClassVar[bool] = True
    suffix: ClassVar[str]
    interchange: ClassVar[str] = ".png"
    encoder: ClassVar[str]
    decoder: ClassVar[str]
    seconds: ClassVar[float] = 120.0
    memory_bytes: ClassVar[int] = 4_000_000_000
    file_bytes: ClassVar[int] = 1_000_000_000

    def encode(self, image: Image) -> bytes:
        """Whole file for the image.

        Raises:
            CodecError: The encoder fails, exceeds a limit, or its template cannot be filled in.
        """
        given = INTERCHANGES[self.interchange].write(image)
        height, width = image.shape[:2]
        names = {"width": width, "height": height}
        return self._converted(self.encoder, given, (self.interchange, self.suffix), names)

    def decode(self, data: bytes) -> Image:
        """Image of a complete file.

        Raises:
            CodecError: The decoder refuses the file, exceeds a limit, or gives no RGB image.
        """
        made = self._converted(self.decoder, data, (self.suffix, self.interchange), {})
        try:
            return INTERCHANGES[self.interchange].read(made)
        except CodecError as error:
            raise CodecError(f"The decoder of {self.codec} gave no image: {error}") from error

    def _converted(
        self, template: str, data: bytes, suffixes: tuple[str, str], names: Mapping[str, Any]
    ) -> bytes:
        """What a command makes of a file; the suffixes are those of its input and output."""
        with work_folder() as folder:
            given, made = (
                folder.path / f"{name}{suffix}"
                for name, suffix in zip(("input", "output"), suffixes, strict=True)
            )
            given.write_bytes(data)
            command = self._command(
                template, {**names, **vars(self), "input": given, "output": made}
            )
            _run(command, self, folder)
            if not made.is_file():
                raise CodecError(f"{command[0]} ended without writing its output.")
            return made.read_bytes()

    def _command(self, template: str, names: Mapping[str, Any]) -> list[str]:
        """Words of a template, filled in.

        Raises:
            CodecError: It has no words, or names what there is not.
        """
        try:
            words = [word.format(**names) for word in shlex.split(template)]
        except KeyError as error:
            raise CodecError(f"{self.codec}: {template!r} names {error}, no field.") from error
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            raise CodecError(f"{self.codec}: {template!r} cannot be filled in: {error}.") from error
        if not words:
            raise CodecError(f"{self.codec}: {template!r} names no command.")
        return words


def _run(command: Sequence[str], codec: CommandLineCodec, folder: WorkFolder) -> None:
    """Runs a command to its end.

    Raises:
        CodecError: It fails or exceeds a limit.
    """
    printed = folder.path / "printed"
    process = _started(command, folder, printed)
    try:
        folder.end_with_this(process.pid)
        limit_memory(process.pid, codec.memory_bytes)
        limit_files(process.pid, codec.file_bytes)
        forget_processor_limit(process.pid)
        status = process.wait(timeout=codec.seconds)
    except subprocess.TimeoutExpired:
        raise CodecError(f"{command[0]} took more than {codec.seconds:g} seconds.") from None
    finally:
        end_group(process)
    if status and status == -getattr(signal, "SIGXFSZ", 0):
        raise CodecError(f"{command[0]} wrote a file of more than {codec.file_bytes:,} bytes.")
    if status:
        reason = _reason(printed).replace(str(folder.path), "")
        reason = reason[:_MAX_MESSAGE_CHARACTERS].rstrip(".")
        raise CodecError(f"{command[0]} ended with status {status}: {reason}.")


def _started(
    command: Sequence[str], folder: WorkFolder, printed: Path
) -> "subprocess.Popen[bytes]":
    """The process of a command; what it prints goes into a file, which may become long.

    Raises:
        CodecError: It cannot be started.
    """
    try:
        with printed.open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=folder.path,
                env={**os.environ, **_ONE_THREAD},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except FileNotFoundError:
        raise CodecError(f"{command[0]} is not installed.") from None
    except OSError as error:
        raise CodecError(f"{command[0]} cannot be started: {error.strerror}.") from error


def _reason(printed: Path) -> str:
    """Line of what a command printed that says why: the last one but for a hint at its help."""
    with printed.open("rb") as file:
        file.seek(max(0, printed.stat().st_size - _MAX_PRINTED_BYTES))
        end = file.read().decode(errors="replace")
    lines = end.strip().splitlines() or ["it printed nothing"]
    told = [line for line in lines if line.strip() and not _HINT.search(line)]
    return (told or lines)[-1]
