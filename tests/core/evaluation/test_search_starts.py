from pathlib import Path

import numpy as np
import pytest

from core.codecs import get_codec
from core.dataset.photographs import photographs
from core.evaluation.dial_search import SearchEnd, match_bytes
from core.evaluation.search_starts import (
    COMPARED_FIRST,
    FILE,
    FIRST_POSITIONS,
    KEY,
    commit_starts,
    load_starts,
    measure_starts,
)
from core.store import ArtifactError, ArtifactStore


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path)


def test_a_search_that_starts_where_one_ended_encodes_once(store: ArtifactStore) -> None:
    image = np.ascontiguousarray(next(iter(photographs().values()))[100:200, 100:220])
    starts = measure_starts([("crop", image)], store)
    assert set(starts["crop"]) == {"webp", "avif_444"}  # no model is trained in this store
    jpeg = get_codec("jpeg")
    assert jpeg.at is not None
    target = len(jpeg.at(FIRST_POSITIONS["jpeg"]).encode(image))
    for name, start in starts["crop"].items():
        again = match_bytes(get_codec(name), image, target, start=start)
        assert again.point.dial == start.position
        assert len(again.data) == start.file_bytes
        assert again.encodes == 1


def test_what_is_committed_is_read_back_and_nothing_is_nothing(store: ArtifactStore) -> None:
    assert load_starts(store) == {}
    starts = {"crop": {"webp": SearchEnd(70.0, 1000, 1020)}}
    commit_starts(starts, store)
    assert load_starts(store) == starts


def test_damaged_ends_are_named(store: ArtifactStore) -> None:
    store.commit(KEY, {FILE: b"no ends"}, facts={})
    with pytest.raises(ArtifactError, match="is no table of ends"):
        load_starts(store)


def test_the_shipped_ends_are_of_the_photographs_and_codecs_that_compare_shows() -> None:
    starts = load_starts(ArtifactStore.default())
    assert set(starts) == set(photographs())
    assert all(set(found) <= set(COMPARED_FIRST) for found in starts.values())
