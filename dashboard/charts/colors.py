"""One look per codec, the same on every page and in the report; see `core.codecs.styles`."""

from core.codecs.styles import (
    CodecStyle,
    codec_style,
    in_legend_order,
    known_codecs,
    translucent,
)

__all__ = ["CodecStyle", "codec_style", "in_legend_order", "known_codecs", "translucent"]
