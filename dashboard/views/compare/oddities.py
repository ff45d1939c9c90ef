"""Warns of an image that is unlike those that the learned codecs were trained on."""

import streamlit as st

from core.dataset.traits import Oddity, load_ranges, oddities
from core.store import ArtifactError, MissingArtifact
from dashboard.data.store import fingerprint, open_store
from dashboard.views.compare.picker import ChosenImage
from dashboard.widgets.states import show_artifact_error

_WARNING = (
    "**This image is unlike those that the learned codecs were trained on.** {sentences} A "
    "learned codec may do worse here than its curves say; the other formats were not trained."
)
_HELP = (
    "Measured as the mean over at most 25 blocks of 160x160 pixels, against the range that 99 % of "
    "the training images span. About one photograph in thirty lies outside in some trait by "
    "chance, and an image inside can still be new to a network."
)
_UNKNOWN = (
    "Whether this image is like the training images is not known on this machine; "
    "`{command}` measures what they are like."
)


def warn_of_oddities(image: ChosenImage) -> None:
    """What about the image lies outside the range of the training images; nothing if all fits.

    Args:
        image: The image that is compared.
    """
    try:
        found = _oddities(image.digest, fingerprint("statistics/"), image)
    except MissingArtifact as error:
        st.caption(_UNKNOWN.format(command=error.command))
    except ArtifactError as error:
        show_artifact_error(error)
    else:
        if found:
            sentences = " ".join(oddity.sentence for oddity in found)
            st.warning(_WARNING.format(sentences=sentences), icon=":material/travel_explore:")
            st.caption(_HELP)


@st.cache_data(max_entries=64, show_spinner=False)
def _oddities(digest: str, state: str, _image: ChosenImage) -> list[Oddity]:
    return oddities(_image.pixels, load_ranges(open_store()))
