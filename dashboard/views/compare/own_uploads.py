"""A visitor's uploads, which stay while he looks at another page.

The list of uploads is empty when the page is opened again, but their files lie in the session's
storage for as long as there is room.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFile

from core.plain_english import counted

_LISTED = "upload"
_KEPT = "kept_uploads"


@dataclass(frozen=True)
class Uploads:
    """Files that a visitor uploaded.

    Attributes:
        files: Those that are there.
        removed: Number of those that had to make room for others.
        are_kept: Whether they were listed before the visitor left the page and came back.
    """

    files: Sequence[UploadedFile]
    removed: int
    are_kept: bool

    def __bool__(self) -> bool:
        return bool(self.files or self.removed)


def choose_uploads() -> Uploads:
    """The files on the list of uploads; those of before where it is new and empty."""
    files = st.file_uploader(
        "Your images",
        key=_LISTED,
        accept_multiple_files=True,
        max_upload_size=20,
        on_change=_keep,
        label_visibility="collapsed",
        width=360,
    )
    if listed := st.session_state.get(_LISTED):
        removed = sum(isinstance(upload, DeletedFile) for upload in listed)
        return Uploads(files, removed, are_kept=False)
    kept = st.session_state.get(_KEPT, [])
    found = _stored(kept)
    return Uploads(found, len(kept) - len(found), are_kept=True)


def offer_removal(uploads: Uploads) -> None:
    """A button that removes uploads which no list shows any more."""
    count = len(uploads.files) + uploads.removed
    title = uploads.files[0].name if count == 1 and uploads.files else counted(count, "image")
    st.button(
        f"Remove {title}", icon=":material/close:", type="tertiary", on_click=_forget, key="forget"
    )


def _keep() -> None:
    st.session_state[_KEPT] = [upload.file_id for upload in st.session_state[_LISTED] or ()]


def _forget() -> None:
    st.session_state[_KEPT] = []


def _stored(ids: Sequence[str]) -> list[UploadedFile]:
    context = get_script_run_ctx()
    if not ids or context is None:
        return []
    records = context.uploaded_file_mgr.get_files(context.session_id, ids)
    return [UploadedFile(record, FileURLs()) for record in records]
