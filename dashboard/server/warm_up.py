"""Loads in the background what the first visitor would wait for."""

import importlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import streamlit as st

from core.metrics import psnr_db
from core.store import ArtifactError
from dashboard.data.curves import View, load_measurements
from dashboard.data.store import DATASET
from dashboard.page_discovery import VIEWS, find_pages

#: Libraries that most pages need; with the results they take about a second to load.
LIBRARIES = ("numpy", "pandas", "pyarrow.parquet", "plotly.graph_objects", "PIL.Image")


@asynccontextmanager
async def warm_up(app: st.App) -> AsyncIterator[None]:
    """Lifespan of the server: starts to load while the browser loads the frontend."""
    threading.Thread(target=_load, name="warm-up", daemon=True).start()
    yield


def _load() -> None:
    find_pages(VIEWS)
    for name in LIBRARIES:
        importlib.import_module(name)
    with suppress(ArtifactError, OSError):  # the pages say what is wrong
        load_measurements(View(DATASET, psnr_db.NAME))
