"""A model of another framework, in a Python of its own, as a codec.

A codec of this kind is two small files: one over this base class, and a program that the other
Python runs. `core/codecs/bmshj2018_factorized.py` and `programs/compressai_worker.py` show them.
"""

import os
import shutil
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from core.codecs.base import Knobs, check_decoded
from core.codecs.external.model_process import ModelProcess, ModelProgram, model_process
from core.errors import CodecError
from core.images import Image

_CHECK_BYTES = 4


def named_python(variable: str, *, with_package: str) -> str:
    """Path of the Python that an environment variable names.

    Args:
        variable: Name of the environment variable.
        with_package: What the Python shall have installed, for the message.

    Raises:
        ImportError: The variable is not set, or names no program.
    """
    found = shutil.which(os.environ.get(variable, ""))
    if found is None:
        needed = f"a Python with {with_package}, named by {variable}"
        raise ImportError(f"Expected {needed}.", name=needed)
    return found


@dataclass(frozen=True)
class OtherPythonCodec(Knobs):
    """Base of codecs that a program in another Python computes.

    The program runs on one thread and stays for further images. Its files are its payload after
    four bytes of CRC-32, so that no damaged file reaches a model.

    Attributes:
        codec: Name of the module that defines the subclass.
        scale: Dial of the codec.
        python: Path of the other Python.
        script: Path of the program that it runs.
        seconds: Longest time of encoding or decoding an image, by the clock on the wall.
        start_seconds: Longest time until the program has imported what it needs.
        memory_bytes: Most address space of the program, on Linux.
        pixel_limit: Most pixels of an image.
    """

    is_external: ClassVar[bool] = True
    python: ClassVar[str]
    script: ClassVar[Path]
    seconds: ClassVar[float] = 120.0
    start_seconds: ClassVar[float] = 300.0
    memory_bytes: ClassVar[int] = 12_000_000_000
    pixel_limit: ClassVar[int] = 16_000_000

    def model(self) -> dict[str, Any]:
        """What names the model to the program, as JSON values: the knobs."""
        return asdict(self)

    def encode(self, image: Image) -> bytes:
        """Whole file for the image.

        Raises:
            CodecError: The image is too large, or the program fails or exceeds a limit.
        """
        height, width = image.shape[:2]
        self._check_size(height, width)
        facts = {"operation": "encode", "model": self.model(), "height": height, "width": width}
        payload = self.process().ask(facts, image.tobytes()).data
        return _check_of(payload) + payload

    def decode(self, data: bytes) -> Image:
        """Image of a complete file.

        Raises:
            CodecError: The file is damaged, or the program fails or exceeds a limit.
        """
        check, payload = data[:_CHECK_BYTES], data[_CHECK_BYTES:]
        if not payload or check != _check_of(payload):
            raise CodecError(f"Expected a complete file of {self.codec}; its checksum differs.")
        facts, pixels = self.process().ask({"operation": "decode", "model": self.model()}, payload)
        height, width = facts.get("height"), facts.get("width")
        if not isinstance(height, int) or not isinstance(width, int):
            raise CodecError(f"{self.script.stem} gave an image without a size.")
        self._check_size(height, width)
        if len(pixels) != 3 * height * width:
            raise CodecError(f"{self.script.stem} gave an image of another size than it says.")
        image = np.frombuffer(pixels, np.uint8).reshape(height, width, 3).copy()
        return check_decoded(image, self.codec)

    @classmethod
    def process(cls) -> ModelProcess:
        """The process that computes, shared by all operating points of the codec."""
        return model_process(
            ModelProgram(
                python=cls.python,
                script=cls.script,
                seconds=cls.seconds,
                start_seconds=cls.start_seconds,
                memory_bytes=cls.memory_bytes,
                answer_bytes=3 * cls.pixel_limit,
            )
        )

    @classmethod
    def version(cls) -> str:
        """Names and versions that the program tells.

        Raises:
            CodecError: The program cannot be started.
        """
        return str(cls.process().ask({"operation": "version"}).facts.get("version", "unknown"))

    def _check_size(self, height: int, width: int) -> None:
        if height < 1 or width < 1 or height * width > self.pixel_limit:
            raise CodecError(
                f"{self.codec} takes images of 1 to {self.pixel_limit} pixels; "
                f"received {width}x{height}."
            )


def _check_of(payload: bytes) -> bytes:
    return zlib.crc32(payload).to_bytes(_CHECK_BYTES, "big")
