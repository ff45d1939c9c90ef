"""The codecs: one module per family, found by discovery."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Protocol

from core.codecs.base import Codec, Dial, Kind
from core.images import Image
from core.registry import Discovery, discover
from core.store import ArtifactStore


class Sweep(Protocol):
    """Function of a family's module that gives its curve."""

    def __call__(self, store: ArtifactStore) -> Sequence[Codec]:
        """Codecs of the curve, from the smallest file to the largest.

        Raises:
            MissingArtifact: The store lacks the weights that the family needs.
        """


class At(Protocol):
    """Function of a family's module that turns its dial."""

    def __call__(self, value: float, store: ArtifactStore | None = None) -> Codec:
        """Codec at one position of the dial.

        Raises:
            ValueError: The value is no position of the dial.
            MissingArtifact: The store lacks the weights that the family needs.
        """


class Reference(Protocol):
    """A reconstruction without bytes that is measured beside a family, but is no codec."""

    @property
    def family(self) -> str:
        """Name of the family that it stands beside."""

    @property
    def setting(self) -> str:
        """What it is, in a word that no setting of the family has, such as `float`."""

    def reconstruct(self, image: Image) -> Image:
        """Picture that comes back; of the same shape."""


class References(Protocol):
    """Function of a family's module that gives its references."""

    def __call__(self, store: ArtifactStore) -> Iterable[Reference]:
        """References of the family.

        Raises:
            MissingArtifact: The store lacks the weights that the family needs.
        """


@dataclass(frozen=True)
class CodecFamily:
    """The operating points of one codec.

    Attributes:
        name: Name of its module, and the value of `Codec.family`.
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


def families() -> dict[str, CodecFamily]:
    """Family by name, in alphabetical order, of all codecs that can run here."""
    return dict(_families())


def get_family(name: str) -> CodecFamily:
    """Family of that name.

    Raises:
        ValueError: There is none, or it lacks a dependency.
    """
    found = families()
    if name in found:
        return found[name]
    if name in unavailable():
        raise ValueError(f"Codec family {name!r} {unavailable()[name]}.")
    raise ValueError(f"Codec family must be one of {', '.join(found)}; received {name!r}.")


def unavailable() -> dict[str, str]:
    """Reason by name for each module that lacks a dependency."""
    return dict(_discovery().unavailable)


@cache
def _families() -> dict[str, CodecFamily]:
    return {name: _family(name, module) for name, module in _discovery().modules.items()}


@cache
def _discovery() -> Discovery:
    return discover("core.codecs", marker="sweep")


def _family(name: str, module: ModuleType) -> CodecFamily:
    return CodecFamily(
        name=name,
        label=module.LABEL,
        kind=module.KIND,
        dial=getattr(module, "DIAL", None),
        sweep=module.sweep,
        at=getattr(module, "at", None),
        suffix=getattr(module, "SUFFIX", ".bin"),
        references=getattr(module, "references", None),
    )
