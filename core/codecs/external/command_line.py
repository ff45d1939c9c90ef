"""An encoder and a decoder that are commands, as a codec.

A codec of this kind is one small file: `core/codecs/cjxl.py` and `core/codecs/avifenc.py` show it.
Both commands read one file and write another. They run in a folder of their own that is removed
afterwards, on one thread, and within limits of time and memory. A command and its folder also end
when this process is killed.
"""

import io
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
import PIL.Image

from core.codecs.base import Knobs, check_decoded
from core.codecs.external.processes import end_group, forget_processor_limit, limit_memory
from core.codecs.external.work_folder import WorkFolder, work_folder
from core.errors import CodecError
from core.images import Image
from core.png import encode_png

#: Environment variables that limit programs to one thread.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
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
    `str.format` does; the words are separated as a shell separates them, and no shell is run.

    Attributes:
        codec: Name of the module that defines the subclass.
        scale: Dial of the codec.
        suffix: Ending of its files, dot included.
        encoder: Template of the command from an 8-bit RGB PNG file to a file of the codec.
        decoder: Template of the command from such a file to an 8-bit RGB PNG file.
        seconds: Longest time of either command by the clock on the wall, which alone bounds it.
        memory_bytes: Most address space of either command, on Linux.

    Example:
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
    encoder: ClassVar[str]
    decoder: ClassVar[str]
    seconds: ClassVar[float] = 120.0
    memory_bytes: ClassVar[int] = 4_000_000_000

    def encode(self, image: Image) -> bytes:
        """Whole file for the image.

        Raises:
            CodecError: The encoder fails, or exceeds a limit.
        """
        return self._converted(self.encoder, encode_png(image), ".png", self.suffix)

    def decode(self, data: bytes) -> Image:
        """Image of a complete file.

        Raises:
            CodecError: The decoder refuses the file, exceeds a limit, or gives no RGB image.
        """
        png = self._converted(self.decoder, data, self.suffix, ".png")
        with PIL.Image.open(io.BytesIO(png), formats=("PNG",)) as opened:
            return check_decoded(np.array(opened), self.codec)

    def _converted(self, template: str, data: bytes, source: str, target: str) -> bytes:
        with work_folder() as folder:
            given, made = folder.path / f"input{source}", folder.path / f"output{target}"
            given.write_bytes(data)
            names = vars(self) | {"input": given, "output": made}
            try:
                command = [word.format(**names) for word in shlex.split(template)]
            except KeyError as error:
                raise CodecError(f"{self.codec}: {template!r} names {error}, no field.") from error
            _run(command, self, folder)
            if not made.is_file():
                raise CodecError(f"{shlex.split(template)[0]} ended without writing its output.")
            return made.read_bytes()


def _run(command: Sequence[str], codec: CommandLineCodec, folder: WorkFolder) -> None:
    """Runs a command to its end.

    Raises:
        CodecError: It fails or exceeds a limit; the message is the line of what it printed
            that says why, which is the last one but for a hint at the program's help.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=folder.path,
            env={**os.environ, **_ONE_THREAD},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise CodecError(f"{command[0]} is not installed.") from None
    try:
        folder.end_with_this(process.pid)
        limit_memory(process.pid, codec.memory_bytes)
        forget_processor_limit(process.pid)
        printed, _ = process.communicate(timeout=codec.seconds)
    except subprocess.TimeoutExpired:
        raise CodecError(f"{command[0]} took more than {codec.seconds:g} seconds.") from None
    finally:
        end_group(process)
    if process.returncode:
        lines = printed.decode(errors="replace").strip().splitlines() or ["it printed nothing"]
        told = [line for line in lines if line.strip() and not _HINT.search(line)]
        reason = (told or lines)[-1].replace(str(folder.path), "")
        reason = reason[:_MAX_MESSAGE_CHARACTERS].rstrip(".")
        raise CodecError(f"{command[0]} ended with status {process.returncode}: {reason}.")
