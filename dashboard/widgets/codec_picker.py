"""Chooses codecs and sets each of them: its dial, and the knobs beside it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.analysis.labels import label_of
from core.codecs import Codec, codecs, get_codec, unavailable
from core.codecs.base import Dial
from core.evaluation.comparison import CodecConfig, operating_point
from core.evaluation.search_starts import COMPARED_FIRST, FIRST_POSITIONS
from core.store import ArtifactError, ArtifactStore
from dashboard.charts.colors import codec_style, in_legend_order
from dashboard.widgets.codec_knobs import Knob, knobs_of

_DIAL_HELP = "Further right is a larger file."


def choose_codecs(unready: Mapping[str, ArtifactError]) -> list[str]:
    """Names of the codecs that a person wants to see, in the order of the legend.

    Args:
        unready: Codecs that cannot be chosen, with the error that tells why.
    """
    ready = in_legend_order([name for name in codecs() if name not in unready])
    chosen = st.multiselect(
        "Codecs",
        ready,
        default=[name for name in COMPARED_FIRST if name in ready],
        format_func=label_of,
        key="codecs",
        bind="query-params",
        wrap=True,
    )
    _show_unready(unready)
    return in_legend_order(chosen)


@dataclass(frozen=True)
class SetCodec:
    """A codec as a person set it, and the place on its card where a search says what it found.

    Attributes:
        config: The codec; without a position of its dial where a search turns that.
        found: Place for the outcome of the search; None where the person turns the dial.
    """

    config: CodecConfig
    found: DeltaGenerator | None


def set_codecs(
    names: Sequence[str], *, store: ArtifactStore, searched: Collection[str] = ()
) -> list[SetCodec]:
    """Each codec as a person sets it, one card below the other.

    Args:
        names: Codecs to set.
        store: Where a learned codec finds its weights.
        searched: Codecs whose dial a search turns, so that a person cannot.
    """
    cards = []
    for name in names:
        with st.container(border=True, gap="xxsmall", key=f"card_{name}"):
            cards.append(_set_codec(get_codec(name), store, is_searched=name in searched))
    return cards


def color_bar(color: str) -> None:
    """Thin bar in a colour of our own, such as that of a codec."""
    st.html(f'<div style="height:4px;border-radius:2px;background:{color}"></div>')


def _show_unready(unready: Mapping[str, ArtifactError]) -> None:
    """Codecs that cannot be chosen here, each with the reason."""
    missing = unavailable()
    if not unready and not missing:
        return
    with st.expander(f"Not available here ({len(unready) + len(missing)})", key="unready"):
        for name, error in unready.items():
            st.checkbox(label_of(name), disabled=True, key=f"unready_{name}")
            st.caption(f"`{error.location}` {error.reason}. {error.advice}:")
            st.code(error.command, language=None)
        for name, reason in missing.items():
            st.checkbox(name, disabled=True, key=f"unready_{name}")
            st.caption(f"It {reason}.")


def _set_codec(codec: Codec, store: ArtifactStore, *, is_searched: bool) -> SetCodec:
    color_bar(codec_style(codec.name).color)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"**{codec.label}**", width="stretch")
        changed = _turn_knobs(codec, store)
    if is_searched and codec.dial is not None:
        return SetCodec(CodecConfig(codec.name, None, changed), st.empty())
    return SetCodec(CodecConfig(codec.name, _turn_dial(codec), changed), None)


def _turn_knobs(codec: Codec, store: ArtifactStore) -> tuple[tuple[str, Any], ...]:
    """Field and value of the knobs that were turned away from how the codec sets them."""
    start = codec.dial.default if codec.dial else None
    knobs = knobs_of(operating_point(CodecConfig(codec.name, start), store))
    if not knobs:
        return ()
    with st.popover("Options", type="tertiary", key=f"{codec.name}_options"):
        values = [(knob, _turn_knob(codec.name, knob)) for knob in knobs]
    return tuple((knob.name, value) for knob, value in values if value != knob.default)


def _turn_dial(codec: Codec) -> float | None:
    dial = codec.dial
    if dial is None:
        st.caption("Lossless: the pixels come back as they were.")
        return None
    return st.select_slider(
        _words(dial.name),
        dial_values(dial),
        value=dial.check(FIRST_POSITIONS.get(codec.name, dial.default)),
        format_func=lambda value: f"{value:g}",
        key=f"{codec.name}_{dial.name}",
        bind="query-params",
        help=_DIAL_HELP,
    )


def dial_values(dial: Dial) -> list[float]:
    """Positions of a dial from the smallest file to the largest."""
    return [float(value) for value in dial.positions()]


def _turn_knob(codec: str, knob: Knob) -> Any:
    key = f"{codec}_{knob.name}"
    if isinstance(knob.default, bool):
        return st.toggle(_words(knob.name), value=knob.default, key=key, bind="query-params")
    return st.selectbox(
        f"{_words(knob.name)} ({knob.default} by default)",
        knob.values,
        index=knob.values.index(knob.default),
        format_func=str,
        key=key,
        bind="query-params",
    )


def _words(name: str) -> str:
    words = name.replace("_db", " (dB)").replace("_", " ")
    return words[0].upper() + words[1:]
