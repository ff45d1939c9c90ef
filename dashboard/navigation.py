"""What every visitor gets: the navigation, and the page that was asked for.

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

# First, because it sets environment variables that NumPy reads when it is loaded.
import core  # noqa: E402, F401
from dashboard.address import mended_query  # noqa: E402
from dashboard.data.upload_storage import bound_uploads  # noqa: E402
from dashboard.page_discovery import VIEWS, find_pages  # noqa: E402

SIDEBAR_PIXELS = 230
ABOUT = (
    "**Bottleneck** measures what an autoencoder's latent costs in bytes and compares it with the "
    "image formats in use today."
)

st.set_page_config(
    page_title="Bottleneck",
    page_icon=str(HERE / "icon.svg"),
    layout="wide",
    initial_sidebar_state=SIDEBAR_PIXELS,
    menu_items={"About": ABOUT},
)

bound_uploads()
groups: dict[str, list[st.Page]] = {}
for found in find_pages(VIEWS):
    page = st.Page(found.path, title=found.title, icon=found.icon, url_path=found.name)
    groups.setdefault(found.group, []).append(page)
start = next(iter(groups.values()))[0]


def open_start() -> None:
    """Redirects to the first page, so that it has a URL of its own, too."""
    asked = {key: st.query_params.get_all(key) for key in st.query_params}
    st.switch_page(start, query_params=asked)


home = st.Page(open_start, title=start.title, url_path="home", default=True, visibility="hidden")
opened = st.navigation({**groups, "": [home]}, expanded=True)
st.set_page_config(page_title=f"{opened.title} · Bottleneck")
st.html(HERE / "style.css")
st.logo(str(HERE / "logo.svg"), size="large", icon_image=str(HERE / "icon.svg"))

if "address_was_read" not in st.session_state:
    st.session_state["address_was_read"] = True
    asked = {key: st.query_params.get_all(key) for key in st.query_params}
    mended = mended_query(asked)
    if mended != asked:
        # Widgets take their state from the address as it was when the page opened.
        st.switch_page(opened, query_params=mended)
opened.run()
