"""Reproducible ZIP archives: equal files give equal bytes."""

import io
import zipfile
from collections.abc import Mapping

#: The format's earliest date, for every file, so that archives are reproducible.
_DATE = (1980, 1, 1, 0, 0, 0)


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """ZIP archive of files by their paths."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
