"""Which knobs of a codec, beside its dial, a person can turn, as the codec itself declares."""

from dataclasses import Field, dataclass, fields
from typing import Any

from core.codecs.base import OperatingPoint


@dataclass(frozen=True)
class Knob:
    """A knob beside the dial.

    Attributes:
        name: Field of the codec's dataclass.
        values: What it can be set to.
        default: How the codec sets it.
    """

    name: str
    values: tuple[Any, ...]
    default: Any


def knobs_of(point: OperatingPoint) -> list[Knob]:
    """Knobs of a codec in the order of its fields: those with choices, and yes-or-no fields."""
    found = []
    for field in fields(point):  # type: ignore[arg-type]
        default = getattr(point, field.name)
        values = _values(field, default)
        if default in values:
            found.append(Knob(field.name, values, default))
    return found


def _values(field: "Field[Any]", default: Any) -> tuple[Any, ...]:
    if isinstance(default, bool):
        return (False, True)
    return tuple(field.metadata.get("choices", ()))
