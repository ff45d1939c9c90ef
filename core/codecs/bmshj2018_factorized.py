"""bmshj2018-factorized of CompressAI (Ballé et al., ICLR 2018), with PyTorch in another Python.

Two environment variables set it up: BOTTLENECK_COMPRESSAI_PYTHON is the path of a Python that has
CompressAI; BOTTLENECK_COMPRESSAI_WEIGHTS is the path of the checkpoints, in which `{quality}`
stands for 1 to 8 and `*` for any characters.
"""

import hashlib
import os
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any, ClassVar

from core.codecs.base import Dial, Kind
from core.codecs.external.other_python import OtherPythonCodec, named_python

_WEIGHTS_VARIABLE = "BOTTLENECK_COMPRESSAI_WEIGHTS"
_PYTHON = named_python("BOTTLENECK_COMPRESSAI_PYTHON", with_package="CompressAI")
_WEIGHTS = {
    quality: str(Path(found).absolute())
    for quality in range(1, 9)
    for found in glob(os.environ.get(_WEIGHTS_VARIABLE, "").replace("{quality}", str(quality)))[:1]
}
if not _WEIGHTS:
    needed = f"checkpoints of bmshj2018-factorized, named by {_WEIGHTS_VARIABLE}"
    raise ImportError(f"Expected {needed}.", name=needed)

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
    """Codec at a quality for which there is a checkpoint.

    Raises:
        ValueError: There is none.
    """
    if (quality := DIAL.check(value)) not in _WEIGHTS:
        raise ValueError(f"There is a checkpoint for quality {SWEEP}; received {quality:g}.")
    return Bmshj2018Factorized(int(quality))
