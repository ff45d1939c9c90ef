import json
from pathlib import Path

import pytest

from core.store import (
    ArtifactStore,
    DamagedArtifact,
    MissingArtifact,
    ReplacedArtifact,
    UnreadableArtifact,
)
from core.store.errors import DEFAULT_ROOT, shown_path

KEY = "models/ae80"


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    store = ArtifactStore(tmp_path / "artifacts")
    store.commit(KEY, {"ae80.json": b"one", "ae80/x": b"first"}, facts={"number": 1})
    return store


def test_facts_and_files_of_an_opened_artifact_are_of_one_commit(store: ArtifactStore) -> None:
    artifact = store.open(KEY)
    assert artifact.facts == {"number": 1}
    assert artifact.file("json") == "ae80.json"
    assert artifact.read("ae80.json") == b"one"
    assert artifact.path("ae80/x").read_bytes() == b"first"


def test_a_file_that_was_replaced_since_is_refused_instead_of_mixed_in(
    store: ArtifactStore,
) -> None:
    artifact = store.open(KEY)
    store.commit(KEY, {"ae80.json": b"two", "ae80/x": b"first"}, facts={"number": 2})
    with pytest.raises(ReplacedArtifact, match=r"ae80\.json was replaced"):
        artifact.read("ae80.json")
    assert artifact.read("ae80/x") == b"first"


def test_reading_begins_again_when_a_writer_came_between(store: ArtifactStore) -> None:
    seen = []

    def use(artifact):
        seen.append(artifact.facts["number"])
        if len(seen) == 1:
            store.commit(KEY, {"ae80.json": b"two", "ae80/x": b"2"}, facts={"number": 2})
        return artifact.facts["number"], artifact.read("ae80.json"), artifact.read("ae80/x")

    assert store.load(KEY, use) == (2, b"two", b"2")
    assert seen == [1, 2]


def test_an_artifact_that_was_deleted_meanwhile_is_missing(store: ArtifactStore) -> None:
    artifact = store.open(KEY)
    store.delete(KEY)
    with pytest.raises(MissingArtifact):
        artifact.read("ae80.json")


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError(), OverflowError(), ValueError()])
def test_wrong_content_under_a_right_digest_is_named_as_damage(
    store: ArtifactStore, error: Exception
) -> None:
    def parse(data: bytes) -> None:
        raise error

    with pytest.raises(DamagedArtifact, match=r"ae80\.json is not a card\. Make it again"):
        store.open(KEY).parsed("ae80.json", parse, reason="is not a card")


def test_deep_nesting_in_a_file_is_named_as_damage(store: ArtifactStore) -> None:
    store.commit(KEY, {"ae80.json": b"[" * 200_000}, facts={})
    with pytest.raises(DamagedArtifact, match="is not a card"):
        store.open(KEY).parsed("ae80.json", json.loads, reason="is not a card")


def test_messages_name_the_file_where_it_is(store: ArtifactStore) -> None:
    with pytest.raises(MissingArtifact) as caught:
        store.open("models/ae40")
    assert str(caught.value).startswith(f"{store.root}/models/ae40.manifest.json does not exist.")
    assert shown_path(DEFAULT_ROOT, "x") == shown_path(None, "x") == "artifacts/x"


def test_a_file_that_may_be_whole_is_not_to_be_made_again(store: ArtifactStore) -> None:
    path = store.root / "models/ae80.json"
    path.unlink()
    path.mkdir()  # reading a folder fails as reading without permission does, for root as well
    with pytest.raises(UnreadableArtifact) as caught:
        store.read(KEY, "ae80.json")
    assert caught.value.command == f"ls -l {path}"
    assert "again" not in str(caught.value)
