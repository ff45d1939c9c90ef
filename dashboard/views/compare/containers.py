"""Bytes of a codec's container."""

import streamlit as st

from core.codecs import get_codec
from core.codecs.container_bytes import container_bytes
from core.evaluation.comparison import CodecConfig, operating_point
from dashboard.data.store import open_store, store_state


def bytes_of_container(config: CodecConfig) -> int:
    """What the codec spends on its container, as `core.codecs.container_bytes` measures it.

    Raises:
        ArtifactError: The weights of a learned codec are missing or damaged.
    """
    dial = get_codec(config.codec).dial
    start = CodecConfig(config.codec, dial.default if dial else None, config.knobs)
    return _container_bytes(start, store_state(f"models/{config.codec}"))


@st.cache_data(max_entries=64, show_spinner=False)
def _container_bytes(config: CodecConfig, state: str) -> int:
    return container_bytes(operating_point(config, open_store()))
