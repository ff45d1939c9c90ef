"""Imagenette: URL and hash of its archive, names of its classes, and its download."""

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from core.dataset.preparation.errors import PreparationError

ARCHIVE_URL = "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz"
#: As published on the Hugging Face hub (frgfm/imagenette) for the archive at `ARCHIVE_URL`.
ARCHIVE_SHA256 = "64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5"

#: Human names by class folder (a WordNet id).
CLASS_NAMES = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}

TIMEOUT_SECONDS = 30
_BLOCK_BYTES = 1 << 18


def download(
    url: str,
    destination: Path,
    *,
    accepted: Collection[str],
    report: Callable[[int, int | None], None],
) -> str:
    """Downloads the archive to `destination`, checks it, and returns its SHA-256.

    Args:
        url: Address of the archive, http or https.
        destination: File to write.
        accepted: The hashes that the archive may have, lower-case hexadecimal.
        report: Called with the bytes received so far and, where the server reports it, with
            the bytes in all.

    Raises:
        PreparationError: The network failed, the transfer stopped early, or the archive has
            a hash that is not among `accepted`.
    """
    digest = hashlib.sha256()
    received = 0
    with destination.open("wb") as file:
        for block, total in _blocks(url):
            file.write(block)
            digest.update(block)
            received += len(block)
            report(received, total)
    found = digest.hexdigest()
    if found not in accepted:
        raise PreparationError(
            f"The archive at {url} has sha256 {found}; expected {' or '.join(sorted(accepted))}. "
            f"If you trust it, say --allow-hash {found}."
        )
    return found


def _blocks(url: str) -> Iterator[tuple[bytes, int | None]]:
    """Chunks of the response, each with the total length where the server reports it.

    Only network errors become a PreparationError here; a full disk is handled by the caller.
    """
    received = 0
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
            length = answer.headers.get("Content-Length")
            total = int(length) if length else None
            while block := answer.read(_BLOCK_BYTES):
                received += len(block)
                yield block, total
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise PreparationError(
            f"Cannot download {url}: {reason}. Check the network, or give a folder or an archive "
            "that you already have with --source."
        ) from error
    if total is not None and received < total:
        raise PreparationError(f"The download of {url} ended after {received} of {total} bytes.")
