"""The download, from a server on this machine."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.dataset.preparation.errors import PreparationError
from core.dataset.preparation.imagenette import CLASS_NAMES, download

DATA = bytes(range(256)) * 3000
SHA256 = hashlib.sha256(DATA).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path != "/unknown-length":
            self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA[:1000] if self.path == "/cut" else DATA)

    def log_message(self, *arguments: object) -> None:
        """Keeps the test's output clean."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def _download(url: str, folder: Path, *, accepted: str = SHA256) -> list[tuple[int, int | None]]:
    reports: list[tuple[int, int | None]] = []
    found = download(
        url,
        folder / "archive",
        accepted={accepted},
        report=lambda done, total: reports.append((done, total)),
    )
    assert found == SHA256
    return reports


def test_a_download_arrives_whole_and_reports_its_progress(server, tmp_path: Path) -> None:
    reports = _download(f"{server}/archive", tmp_path)
    assert (tmp_path / "archive").read_bytes() == DATA
    assert reports == sorted(reports)
    assert reports[-1] == (len(DATA), len(DATA))


def test_a_server_that_does_not_say_the_length_is_served_too(server, tmp_path: Path) -> None:
    assert _download(f"{server}/unknown-length", tmp_path)[-1] == (len(DATA), None)


def test_another_content_is_refused_with_its_hash_and_the_way_to_accept_it(
    server, tmp_path
) -> None:
    with pytest.raises(PreparationError, match=f"{SHA256}; expected {'0' * 64}.*--allow-hash"):
        _download(f"{server}/archive", tmp_path, accepted="0" * 64)


def test_a_transfer_that_stops_early_is_refused(server, tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match=f"ended after 1000 of {len(DATA)} bytes"):
        _download(f"{server}/cut", tmp_path)


def test_a_missing_page_is_reported_with_its_address(server, tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match=f"Cannot download {server}/missing: Not Found"):
        _download(f"{server}/missing", tmp_path)


def test_without_a_network_the_way_out_is_named(tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match=r"Connection refused.*--source"):
        _download("http://127.0.0.1:9/archive", tmp_path)


def test_imagenette_has_ten_classes_of_different_names() -> None:
    assert len(CLASS_NAMES) == len(set(CLASS_NAMES.values())) == 10
