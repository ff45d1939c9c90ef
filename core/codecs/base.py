"""The interface of a codec: encode an image to bytes, decode it from those bytes alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np

from core.errors import CodecError
from core.images import Image
from core.store import ArtifactStore

if TYPE_CHECKING:
    from core.codecs.bnk import LearnedCodec

Kind = Literal["lossy", "lossless", "learned"]


@runtime_checkable
class OperatingPoint(Protocol):
    """One operating point of a codec: a frozen dataclass with every knob fixed.

    A codec reports neither its size nor its time; `core.evaluation.evaluate` measures both for all
    alike.
    """

    @property
    def codec(self) -> str:
        """Name of the codec, equal to the name of its module."""

    @property
    def setting(self) -> str:
        """The knobs as text, unique within the codec, such as `quality=75`."""

    @property
    def dial(self) -> float | None:
        """Position of the codec's dial; None where it has none."""

    def encode(self, image: Image) -> bytes:
        """Whole file for the image, headers included."""

    def decode(self, data: bytes) -> Image:
        """Image rebuilt from the bytes alone.

        Raises:
            CodecError: The bytes are not a complete file of this codec.
        """


def draft_of(point: OperatingPoint) -> OperatingPoint | None:
    """A much faster operating point whose files are about as large; None where there is none.

    An operating point that has one gives it as its property `draft`. A search by size looks with
    it first.
    """
    draft: OperatingPoint | None = getattr(point, "draft", None)
    return draft


@dataclass(frozen=True)
class Dial:
    """The one number of a lossy codec that trades bytes for quality.

    Attributes:
        name: Name of the parameter in the codec's own documentation, such as `quality`.
        lowest: Smallest value that the codec accepts.
        highest: Largest value that the codec accepts.
        step: Distance between neighbouring values.
        default: Initial value.
        rising: Whether a larger value gives a larger file.
    """

    name: str
    lowest: float
    highest: float
    step: float
    default: float
    rising: bool = True

    def positions(self) -> np.ndarray:
        """Every value of the dial, ordered from the smallest file to the largest, float64."""
        count = round((self.highest - self.lowest) / self.step) + 1
        values = np.round(self.lowest + self.step * np.arange(count), 6)
        return values if self.rising else values[::-1]

    def check(self, value: float) -> float:
        """Position of the dial that equals the value up to rounding.

        Raises:
            ValueError: The value lies outside the dial or between two positions.
        """
        if not self.lowest <= value <= self.highest:
            raise ValueError(
                f"{self.name} must lie in {self.lowest:g}..{self.highest:g}; received {value:g}."
            )
        steps = round((value - self.lowest) / self.step)
        position = round(self.lowest + self.step * steps, 6)
        if abs(value - position) > 1e-6 * self.step:
            raise ValueError(
                f"{self.name} moves in steps of {self.step:g} from {self.lowest:g}; "
                f"received {value:g}."
            )
        return position


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
    """A reconstruction without bytes, measured for comparison with a codec; not a codec."""

    @property
    def codec(self) -> str:
        """Name of the codec that it is compared with."""

    @property
    def setting(self) -> str:
        """Name of the reference, different from all settings of the codec, such as `float`."""

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
        name: Name of its module or of its model, and the value of `OperatingPoint.codec`.
        label: Display label.
        kind: Whether pixels are lost, and whether the codec was trained.
        dial: The number that trades bytes for quality; None where there is none.
        sweep: Gives the operating points of the curve.
        at: Gives the operating point at a position of the dial; None without a dial.
        suffix: Ending of a file of this codec, dot included.
        references: Gives what is measured beside the points without being one; None for most.
        learned: What its model is one of, where the codec is a trained model.
        version: Tells name and version of the library or program that codes; None for a model.
        shared_model: The model that it uses where that is another codec's; None for most.
    """

    name: str
    label: str
    kind: Kind
    dial: Dial | None
    sweep: Sweep
    at: At | None
    suffix: str = ".bin"
    references: References | None = None
    learned: "LearnedCodec | None" = None
    version: Callable[[], str] | None = None
    shared_model: str | None = None


@dataclass(frozen=True)
class Knobs:
    """Base of the codecs of existing formats: every field of a subclass is a knob.

    A field without a default is what the sweep varies; the defaults of the others make the codec.

    Attributes:
        codec: Name of the module that defines the subclass.
        scale: The field, of the same name, that trades bytes for quality; None when lossless.
    """

    codec: ClassVar[str]
    scale: ClassVar[Dial | None] = None

    def __post_init__(self) -> None:
        if self.scale is not None:
            self.scale.check(getattr(self, self.scale.name))

    @property
    def dial(self) -> float | None:
        """Position of the dial; None without one."""
        return None if self.scale is None else float(getattr(self, self.scale.name))

    @property
    def setting(self) -> str:
        """The varied knob and those that differ from the codec's, `lossless` without any."""
        knobs = sorted(fields(self), key=lambda knob: knob.default is not MISSING)
        values = [(knob, getattr(self, knob.name)) for knob in knobs]
        shown = [
            f"{knob.name}={_spelled(value)}" for knob, value in values if value != knob.default
        ]
        return ", ".join(shown) or "lossless"


def choices(values: Iterable[Any]) -> Mapping[str, Any]:
    """Metadata of a codec's field that the user can set to one of some values.

    A field of type bool needs none: its values are False and True.

    >>> from dataclasses import field
    >>> speed = field(default=4, metadata=choices(range(11)))

    Args:
        values: The values, in display order.
    """
    return {"choices": tuple(values)}


def check_decoded(pixels: np.ndarray, format_name: str) -> Image:
    """The pixels, if they are an 8-bit RGB image.

    Raises:
        CodecError: They are not 8-bit RGB.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise CodecError(
            f"Expected an 8-bit RGB {format_name} file; "
            f"received {pixels.dtype} pixels of shape {pixels.shape}."
        )
    return pixels


def _spelled(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if is_number else str(value)
