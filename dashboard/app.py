"""Entry of the dashboard: `streamlit run dashboard/app.py`.

Describes the web server; the pages are drawn by `navigation.py` for each visitor.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:
    # Streamlit puts only this file's own folder on the path.
    sys.path.insert(0, str(HERE.parent))

# First, because it sets environment variables that NumPy reads when it is loaded.
import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

import core  # noqa: E402, F401
from dashboard.server.frontend import FrontendFiles  # noqa: E402
from dashboard.server.warm_up import warm_up  # noqa: E402

app = st.App(HERE / "navigation.py", middleware=[Middleware(FrontendFiles)], lifespan=warm_up)
