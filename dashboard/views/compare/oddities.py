"""Warns if an image is unlike the training images of the learned codecs."""

from collections.abc import Sequence

import streamlit as st

from core.dataset.traits import Oddity, load_ranges, oddities
from core.store import ArtifactError, MissingArtifact
from dashboard.data.store import open_store, store_state
from dashboard.views.compare.image import ChosenImage
from dashboard.widgets.states import show_artifact_error

_HELP = (
    "Means over at most 25 blocks of 160x160 pixels, compared with the range of 99 % of the "
    "training images. About one photograph in thirty is outside the range of some trait by chance, "
    "and an image inside all ranges can still be unfamiliar to a network."
)
_UNKNOWN = (
    "The statistics of the training images are missing on this machine, so this image cannot be "
    "compared with them; `{command}` measures them."
)


def warn_of_oddities(image: ChosenImage) -> None:
    """Shows the traits in which the image is outside the training images' range, if any.

    Args:
        image: The image that is compared.
    """
    try:
        found = _oddities(image.digest, store_state("statistics/"), image)
    except MissingArtifact as error:
        st.caption(_UNKNOWN.format(command=error.command))
    except ArtifactError as error:
        show_artifact_error(error)
    else:
        if found:
            st.warning(likeness(found), icon=":material/travel_explore:")
            with st.expander("Why: how it differs from the training images", key="why-odd"):
                st.markdown("\n".join(f"- {oddity.sentence}" for oddity in found))
                st.caption(_HELP)


def likeness(found: Sequence[Oddity]) -> str:
    """One sentence on what the image looks like and what to expect of the learned codecs."""
    kinds = [oddity.likeness for oddity in found]
    return f"Looks like {' and '.join(kinds[:2])}: expect the learned codecs to do worse."


@st.cache_data(max_entries=64, show_spinner=False)
def _oddities(digest: str, state: str, _image: ChosenImage) -> list[Oddity]:
    return oddities(_image.pixels, load_ranges(open_store()))
