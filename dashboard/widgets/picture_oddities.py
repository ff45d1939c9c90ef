"""Warns of a picture that is unlike those that the learned codecs were trained on."""

import streamlit as st

from core.picture_traits import Oddity, load_ranges, oddities
from core.store import ArtifactError, MissingArtifact
from dashboard.cache import fingerprint, open_store
from dashboard.widgets.picture_picker import ChosenPicture
from dashboard.widgets.states import show_artifact_error

_WARNING = (
    "**This picture is unlike those that the learned codecs were trained on.** {sentences} A "
    "learned codec may do worse here than its curves say; the other formats were not trained."
)
_HELP = (
    "Measured as the mean over at most 25 blocks of 160x160 pixels, against the range that 99 % of "
    "the training pictures span. About one photograph in thirty lies outside in some trait by "
    "chance, and a picture inside can still be new to a network."
)
_UNKNOWN = (
    "Whether this picture is like the training pictures is not known on this machine; "
    "`{command}` measures what they are like."
)


def warn_of_oddities(picture: ChosenPicture) -> None:
    """What about the picture lies outside the range of the training pictures; nothing if all fits.

    Args:
        picture: The picture that is compared.
    """
    try:
        found = _oddities(picture.digest, fingerprint("statistics/"), picture)
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
def _oddities(digest: str, state: str, _picture: ChosenPicture) -> list[Oddity]:
    return oddities(_picture.pixels, load_ranges(open_store()))
