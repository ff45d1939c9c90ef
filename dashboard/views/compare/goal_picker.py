"""Chooses what the compared codecs have in common: nothing, their bytes, or their quality."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.codecs import find_codec, get_codec
from core.evaluation.comparison import BYTES
from core.metrics import metrics, psnr_db, ssimulacra2
from dashboard.widgets.bounded import bounded_number

AS_SET = "as_set"
BITS_PER_PIXEL = "bits_per_pixel"
MODES = {
    BYTES: "Equal bytes",
    psnr_db.NAME: "Equal PSNR",
    ssimulacra2.NAME: "Equal SSIMULACRA2",
    AS_SET: "My settings",
}
_HELP = (
    "**Equal …**: for each codec a search finds the quality setting whose file comes closest to "
    "the target size or quality. **My settings**: every codec at the quality that you choose."
)
#: Target that the field starts with, by quantity.
_STARTS = {BYTES: 20_000.0, BITS_PER_PIXEL: 1.0, psnr_db.NAME: 35.0, ssimulacra2.NAME: 70.0}
_LOWEST = {BYTES: 1.0, BITS_PER_PIXEL: 0.01, psnr_db.NAME: 1.0, ssimulacra2.NAME: -100.0}
_HIGHEST = {BYTES: 200e6, BITS_PER_PIXEL: 100.0, psnr_db.NAME: 100.0, ssimulacra2.NAME: 100.0}
_STEPS = {BYTES: 100.0, BITS_PER_PIXEL: 0.05, psnr_db.NAME: 0.5, ssimulacra2.NAME: 1.0}
_TYPED = "typed"
#: Codec that gives the target by default.
_FIRST_REFERENCE = "jpeg"


@dataclass(frozen=True)
class TargetSelection:
    """The quantity that is equal for all codecs, and its target.

    Attributes:
        mode: `as_set`, `bytes`, or the name of a metric.
        reference: Codec whose value the others take; None when the target is typed.
        typed: The typed target, in bits per pixel where `per_pixel`.
        per_pixel: Whether the typed target is a rate instead of a size.
    """

    mode: str = AS_SET
    reference: str | None = None
    typed: float = 0.0
    per_pixel: bool = False

    @property
    def is_as_set(self) -> bool:
        """Whether every codec keeps its own quality setting."""
        return self.mode == AS_SET

    def target(self, pixels: int) -> float:
        """The typed target for an image with so many pixels, in bytes for a rate."""
        return max(1.0, self.typed * pixels / 8) if self.per_pixel else self.typed


def choose_target(names: Sequence[str]) -> TargetSelection:
    """Selected quantity and target."""
    mode = st.segmented_control(
        "Compare at",
        list(MODES),
        default=BYTES,
        format_func=MODES.__getitem__,
        required=True,
        key="mode",
        bind="query-params",
        help=_HELP,
        wrap=True,
    )
    if mode is None or mode == AS_SET:
        return TargetSelection()
    return _choose_reference(mode, [name for name in names if get_codec(name).dial])


def _choose_reference(mode: str, names: Sequence[str]) -> TargetSelection:
    typed = [BYTES, BITS_PER_PIXEL] if mode == BYTES else [_TYPED]
    source = st.selectbox(
        "Target",
        [*sorted(names, key=lambda name: name != _FIRST_REFERENCE), *typed],
        format_func=_source_label,
        key=f"target_{mode}_from",
        bind="query-params",
    )
    if source in names:
        return TargetSelection(mode, reference=source)
    quantity = mode if source == _TYPED else source
    value = bounded_number(
        _unit(quantity),
        _LOWEST[quantity],
        _HIGHEST[quantity],
        _STARTS[quantity],
        step=_STEPS[quantity],
        format="%.0f" if quantity == BYTES else "%.2f",
        key=f"target_{quantity}",
    )
    return TargetSelection(mode, typed=float(value), per_pixel=quantity == BITS_PER_PIXEL)


def _source_label(source: str) -> str:
    if codec := find_codec(source):
        return f"Like {codec.label} at my setting"
    if source == _TYPED:
        return "A value of my own"
    return f"{_unit(source)} of my own"


def _unit(quantity: str) -> str:
    if quantity in metrics():
        return metrics()[quantity].LABEL
    return "Bits per pixel" if quantity == BITS_PER_PIXEL else "Bytes"
