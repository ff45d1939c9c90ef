"""Files that are refused: remembered by their content, unless the refusal is one of the moment."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.intake import isolation
from core.intake.decode import DecodedImage
from core.intake.errors import DecoderFailed
from core.intake.isolation import WorkerPool, decode_image_isolated
from core.png import encode_png
from tests.dashboard.page_contents import OpenPage
from tests.dashboard.views.compare.compared import upload

QUERY = {"codecs": ["JPEG"], "sample": "Chelsea (cat)", "mode": "My settings"}
BROKEN = encode_png(np.full((8, 12, 3), 90, np.uint8))[:50]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Files that were given to a worker process."""
    seen: list[bytes] = []

    def decode(data: bytes, **options: Any) -> DecodedImage:
        seen.append(data)
        return decode_image_isolated(data, **options)

    monkeypatch.setattr(isolation, "decode_image_isolated", decode)
    return seen


@pytest.mark.slow
def test_a_refused_file_is_decoded_once_whoever_sends_it(
    open_page: OpenPage, empty_store: Path, decoded: list[bytes]
) -> None:
    for _ in range(2):
        app = upload(open_page("compare", empty_store, query=QUERY), BROKEN)
        app.run()
        assert "cannot be read" in app.error[0].value
    assert decoded == [BROKEN]


@pytest.mark.slow
def test_a_file_that_nobody_had_time_for_is_shown_when_there_is_time(
    open_page: OpenPage, empty_store: Path, monkeypatch: pytest.MonkeyPatch, decoded: list[bytes]
) -> None:
    pool = WorkerPool(1, wait_seconds=0.3)
    monkeypatch.setattr(isolation, "_POOL", pool)
    worker = pool._take(1.0)
    data = encode_png(np.full((9, 14, 3), 60, np.uint8))
    app = upload(open_page("compare", empty_store, query=QUERY), data)
    assert "Too many images are being read" in app.error[0].value
    pool._give_back(worker)
    app.run()
    assert not app.error
    assert decoded == [data, data]
    pool.close()


@pytest.mark.slow
def test_a_file_that_its_decoder_did_not_survive_is_tried_again_after_a_while(
    open_page: OpenPage, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def decode(data: bytes, **options: Any) -> DecodedImage:
        calls.append(data)
        if len(calls) == 1:
            raise DecoderFailed("Reading it took longer than 20 seconds.")
        return decode_image_isolated(data, **options)

    monkeypatch.setattr(isolation, "decode_image_isolated", decode)
    data = encode_png(np.full((9, 14, 3), 61, np.uint8))
    app = upload(open_page("compare", empty_store, query=QUERY), data)
    app.run()
    assert "longer than 20 seconds" in app.error[0].value
    assert len(calls) == 1
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    app.run()
    assert not app.error
    assert len(calls) == 2
