"""Which knobs of a codec, beside its dial, a person can turn, read from the codec itself."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from core.codecs.base import OperatingPoint

#: Values by the field's name. Other fields, such as `threads`, are none of a visitor's business.
_VALUES: dict[str, Sequence[Any]] = {
    "subsampling": ("4:4:4", "4:2:2", "4:2:0"),
    "method": range(7),
    "speed": range(11),
    "effort": range(1, 10),
    "compress_level": range(10),
}
#: Where a codec means another scale by the same name.
_OWN_VALUES: dict[tuple[str, str], Sequence[Any]] = {
    ("webp_lossless", "effort"): range(0, 101, 10),
}


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
    """Knobs of a codec in the order of its fields: yes-or-no fields, and those known by name."""
    found = []
    for field in fields(point):  # type: ignore[arg-type]
        default = getattr(point, field.name)
        values = _values(point.codec, field.name, default)
        if default in values:
            found.append(Knob(field.name, values, default))
    return found


def _values(codec: str, name: str, default: Any) -> tuple[Any, ...]:
    if isinstance(default, bool):
        return (False, True)
    return tuple(_OWN_VALUES.get((codec, name)) or _VALUES.get(name, ()))
