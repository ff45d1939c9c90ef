"""The codecs: one module per codec, found by discovery."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Protocol

from core.codecs.base import Dial, Kind, OperatingPoint
from core.images import Image
from core.registry import Discovery, discover
from core.store import ArtifactStore


class Sweep(Protocol):
    """Function of a codec's module that gives its curve."""

    def __call__(self, store: ArtifactStore) -> Sequence[OperatingPoint]:
        """Codecs of the curve, from the smallest file to the largest.

        Raises:
            MissingArtifact: The store lacks the weights that the codec needs.
        """


class At(Protocol):
    """Function of a codec's module that turns its dial."""

    def __call__(self, value: float, store: ArtifactStore | None = None) -> OperatingPoint:
        """Codec at one position of the dial.

        Raises:
            ValueError: The value is no position of the dial.
            MissingArtifact: The store lacks the weights that the codec needs.
        """


class Reference(Protocol):
    """A reconstruction without bytes that is measured beside a codec, but is no codec."""

    @property
    def codec(self) -> str:
        """Name of the codec that it stands beside."""

    @property
    def setting(self) -> str:
        """What it is, in a word that no setting of the codec has, such as `float`."""

    @property
    def dial(self) -> None:
        """It has no position on the codec's dial."""

    def reconstruct(self, image: Image) -> Image:
        """Image that comes back; of the same shape."""


class References(Protocol):
    """Function of a codec's module that gives its references."""

    def __call__(self, store: ArtifactStore) -> Iterable[Reference]:
        """References of the codec.

        Raises:
            MissingArtifact: The store lacks the weights that the codec needs.
        """


@dataclass(frozen=True)
class Codec:
    """The operating points of one codec.

    Attributes:
        name: Name of its module, and the value of `Codec.codec`.
        label: What a person reads.
        kind: Whether pixels are lost, and whether the codec was trained.
        dial: The number that trades bytes for quality; None where there is none.
        sweep: Gives the codecs of the curve.
        at: Gives the codec at a position of the dial; None without a dial.
        suffix: Ending of a file of this codec, dot included.
        references: Gives what is measured beside the codecs without being one; None for most.
    """

    name: str
    label: str
    kind: Kind
    dial: Dial | None
    sweep: Sweep
    at: At | None
    suffix: str = ".bin"
    references: References | None = None


def codecs() -> dict[str, Codec]:
    """Codec by name, in alphabetical order, of all codecs that can run here."""
    return dict(_codecs())


def get_codec(name: str) -> Codec:
    """Codec of that name.

    Raises:
        ValueError: There is none, or it lacks a dependency.

    Example:
        >>> import numpy as np
        >>> webp = get_codec("webp").at(75)
        >>> webp.codec, webp.setting, webp.dial
        ('webp', 'quality=75', 75.0)
        >>> webp.decode(webp.encode(np.zeros((97, 131, 3), np.uint8))).shape
        (97, 131, 3)
    """
    found = codecs()
    if name in found:
        return found[name]
    if name in unavailable():
        raise ValueError(f"Codec {name!r} {unavailable()[name]}.")
    raise ValueError(f"Codec must be one of {', '.join(found)}; received {name!r}.")


def unavailable() -> dict[str, str]:
    """Reason by name for each module that lacks a dependency."""
    return dict(_discovery().unavailable)


@cache
def _codecs() -> dict[str, Codec]:
    return {name: _codec(name, module) for name, module in _discovery().modules.items()}


@cache
def _discovery() -> Discovery:
    return discover("core.codecs", marker="sweep")


def _codec(name: str, module: ModuleType) -> Codec:
    return Codec(
        name=name,
        label=module.LABEL,
        kind=module.KIND,
        dial=getattr(module, "DIAL", None),
        sweep=module.sweep,
        at=getattr(module, "at", None),
        suffix=getattr(module, "SUFFIX", ".bin"),
        references=getattr(module, "references", None),
    )
