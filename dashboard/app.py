"""Entry of the dashboard: `streamlit run dashboard/app.py`.

Finds the pages in `views/` and hands over to the one that was asked for. What a page needs is
imported by the page itself, so that the first one opens quickly.
"""

import sys
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
if str(ROOT) not in sys.path:
    # Streamlit puts only this file's own folder on the path.
    sys.path.insert(0, str(ROOT))

# First, for it sets what NumPy's threads read when a page loads NumPy.
import core  # noqa: E402, F401
from dashboard.page_discovery import find_pages  # noqa: E402

SIDEBAR_PIXELS = 230
ABOUT = (
    "**Bottleneck** weighs what an autoencoder's bottleneck costs in bytes and puts it beside "
    "the formats in use today."
)

st.set_page_config(
    page_title="Bottleneck",
    page_icon=str(HERE / "icon.svg"),
    layout="wide",
    initial_sidebar_state=SIDEBAR_PIXELS,
    menu_items={"About": ABOUT},
)
st.html(HERE / "style.css")
st.logo(str(HERE / "logo.svg"), size="large", icon_image=str(HERE / "icon.svg"))

pages = [
    st.Page(found.path, title=found.title, icon=found.icon, url_path=found.name, default=not place)
    for place, found in enumerate(find_pages(HERE / "views"))
]
st.navigation(pages, expanded=True).run()
