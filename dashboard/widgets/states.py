"""What a page shows for an artifact that is missing or damaged, and where its numbers come from."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.store import ArtifactError, Manifest, MissingArtifact


def show_empty(title: str, *, why: str, command: str | None = None) -> None:
    """Says what is not there yet and which command makes it, ready to copy."""
    with st.container(border=True):
        st.markdown(f":material/inbox: **{title}**")
        st.markdown(why)
        if command:
            st.code(command, language=None)


def show_damaged(error: ArtifactError) -> None:
    """Names an artifact that cannot be read and the command that makes it again."""
    st.warning(
        f"**{error.location}** {error.reason}. The rest of this page does without it. "
        f"{error.advice}:",
        icon=":material/broken_image:",
    )
    st.code(error.command, language=None)


def show_artifact_error(error: ArtifactError) -> None:
    """Empty state for a missing artifact, damaged state for any other trouble with one."""
    if isinstance(error, MissingArtifact):
        why = f"`{error.location}` {error.reason}. {error.advice}:"
        show_empty("Not here yet", why=why, command=error.command)
    else:
        show_damaged(error)


def show_problems(problems: Sequence[ArtifactError]) -> None:
    """One state per artifact that could not be read; nothing when all could."""
    for problem in problems:
        show_artifact_error(problem)


def show_provenance(manifest: Manifest) -> None:
    """One line below a figure: which artifact it was drawn from, when and by which code."""
    st.caption(provenance_line(manifest))


def provenance_line(manifest: Manifest) -> str:
    """Key, date and code commit of an artifact in one line."""
    commit = manifest.commit[:10] if manifest.commit else "unknown"
    return f"Source: `{manifest.key}` · {manifest.created[:10]} · code `{commit}`"


def short_hash(value: Any) -> str:
    """First twelve characters of a hash, or the word none."""
    return str(value)[:12] if value else "none"
