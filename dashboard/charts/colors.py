"""Colour and marker of each codec; see `core.codecs.styles`."""

from core.codecs.styles import (
    CodecStyle,
    codec_style,
    in_legend_order,
    known_codecs,
    translucent,
)

__all__ = ["CodecStyle", "codec_style", "in_legend_order", "known_codecs", "translucent"]
