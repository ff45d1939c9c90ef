"""bmshj2018-factorized of CompressAI (Ballé et al., ICLR 2018), with PyTorch in another Python.

Two environment variables set it up: BOTTLENECK_COMPRESSAI_PYTHON is the path of a Python that has
CompressAI; BOTTLENECK_COMPRESSAI_WEIGHTS is the path of the checkpoints, in which `{quality}`
stands for 1 to 8 and `*` for any characters. It names one checkpoint for each of neighbouring
qualities, such as `weights/bmshj2018-factorized-prior-{quality}-*.pth.tar`.
"""

import hashlib
import os
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any, ClassVar

from core.codecs.base import Dial, Kind
from core.codecs.external.other_python import OtherPythonCodec, named_python

_QUALITIES = range(1, 9)
_WEIGHTS_VARIABLE = "BOTTLENECK_COMPRESSAI_WEIGHTS"


def _checkpoints(pattern: str) -> dict[int, str]:
    """Path of the checkpoint of each quality.

    Raises:
        ValueError: The pattern does not name one checkpoint for each of neighbouring qualities.
        ImportError: It names none.
    """
    if pattern and "{quality}" not in pattern:
        raise ValueError(f"{_WEIGHTS_VARIABLE} must contain {{quality}}; received {pattern!r}.")
    paths = {}
    for quality in _QUALITIES:
        found = sorted(glob(pattern.replace("{quality}", str(quality))))
        if len(found) > 1:
            names = " and ".join(Path(path).name for path in found[:2])
            raise ValueError(f"{_WEIGHTS_VARIABLE} names several of quality {quality}: {names}.")
        if found:
            paths[quality] = str(Path(found[0]).absolute())
    if not paths:
        needed = f"checkpoints of bmshj2018-factorized, named by {_WEIGHTS_VARIABLE}"
        raise ImportError(f"Expected {needed}.", name=needed)
    for quality in range(min(paths), max(paths)):
        if quality not in paths:
            raise ValueError(f"{_WEIGHTS_VARIABLE} names none of quality {quality}, but others.")
    return paths


_PYTHON = named_python("BOTTLENECK_COMPRESSAI_PYTHON", with_package="CompressAI")
_WEIGHTS = _checkpoints(os.environ.get(_WEIGHTS_VARIABLE, ""))

LABEL = "bmshj2018-factorized"
KIND: Kind = "learned"
SUFFIX = ".bmshj"
SWEEP = tuple(_WEIGHTS)
DIAL = Dial(
    name="quality", lowest=min(SWEEP), highest=max(SWEEP), step=1, default=SWEEP[len(SWEEP) // 2]
)


@dataclass(frozen=True)
class Bmshj2018Factorized(OtherPythonCodec):
    """CompressAI's model at one of the qualities that it was trained for.

    Attributes:
        quality: 1 (smallest files) to 8 (best images).
    """

    codec: ClassVar[str] = "bmshj2018_factorized"
    scale: ClassVar[Dial | None] = DIAL
    python: ClassVar[str] = _PYTHON
    script: ClassVar[Path] = (
        Path(__file__).parent / "external" / "programs" / "compressai_worker.py"
    )

    quality: int

    def model(self) -> dict[str, Any]:
        """What names the model to the program: the quality, and the file of every quality."""
        return {"quality": self.quality, "weights": _WEIGHTS}


def version() -> str:
    """Versions of CompressAI and PyTorch, and a digest of the weights and of the program."""
    digest = hashlib.sha256()
    for path in (Bmshj2018Factorized.script, *map(Path, _WEIGHTS.values())):
        digest.update(path.read_bytes())
    return f"{Bmshj2018Factorized.version()}, model {digest.hexdigest()[:16]}"


def sweep(store: object = None) -> list[Bmshj2018Factorized]:
    """Curve of the codec; nothing is read from the store."""
    return [Bmshj2018Factorized(quality) for quality in SWEEP]


def at(value: float, store: object = None) -> Bmshj2018Factorized:
    """Codec at a quality for which there is a checkpoint."""
    return Bmshj2018Factorized(int(DIAL.check(value)))
