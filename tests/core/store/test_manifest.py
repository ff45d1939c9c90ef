"""Manifests that were written with care by somebody who wants to break their reader."""

import hashlib
import json
from pathlib import Path

import pytest

from core.store import ArtifactError, ArtifactStore, DamagedArtifact, NewerArtifact
from core.store.layout import MAX_MANIFEST_BYTES

KEY = "models/ae80"
SHA = hashlib.sha256(b"x").hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    store = ArtifactStore(tmp_path / "artifacts")
    store.commit(KEY, {"ae80.json": b"x"}, facts={"number": 1})
    return store


def manifest_file(store: ArtifactStore) -> Path:
    return store.root / "models/ae80.manifest.json"


def write(store: ArtifactStore, **changes) -> None:
    """Changes fields of the manifest under a checksum that is right."""
    content = json.loads(manifest_file(store).read_text()) | changes
    content["checksum"] = blank = "0" * 64
    text = json.dumps(content, indent=2) + "\n"
    checksum = hashlib.sha256(text.encode()).hexdigest()
    head, _, tail = text.rpartition(blank)
    manifest_file(store).write_text(f"{head}{checksum}{tail}")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"schema": 1e999, "checksum": ""}',
        b'{"schema": ' + b"9" * 5000 + b', "checksum": ""}',
        b'{"schema": NaN, "checksum": ""}',
        b'{"schema": 1, "checksum": "\\ud800"}',
        b'{"schema": 1, "checksum": ["x"]}',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_manifest_is_damage(store: ArtifactStore, data: bytes) -> None:
    manifest_file(store).write_bytes(data)
    with pytest.raises(DamagedArtifact):
        store.open(KEY)


def test_a_huge_manifest_is_not_read_into_memory(store: ArtifactStore) -> None:
    with manifest_file(store).open("r+b") as file:
        file.truncate(40 * MAX_MANIFEST_BYTES)  # sparse
    with pytest.raises(DamagedArtifact, match="too large for a manifest"):
        store.open(KEY)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": 5},
        {"key": "../x"},
        {"key": "\ud800"},
        {"created": "yesterday"},
        {"created": None},
        {"created": "2026-01-01T00:00:00"},
        {"provenance": []},
        {"facts": "text"},
        {"files": []},
        {"files": {"ae80.json": 5}},
        {"files": {"ae80.json": {"bytes": "1", "sha256": SHA}}},
        {"files": {"ae80.json": {"bytes": 1, "sha256": "../../x"}}},
        {"files": {"ae80.json": {"bytes": 1, "sha256": SHA, "more": 1}}},
        {"files": {"../secret": {"bytes": 1, "sha256": SHA}}},
        {"superseded": ["../../secret"]},
        {"superseded": 5},
    ],
    ids=str,
)
def test_wrong_fields_under_a_right_checksum_are_damage(store: ArtifactStore, changes) -> None:
    write(store, **changes)
    for use in (store.manifest, store.open, lambda key: store.read(key, "ae80.json")):
        with pytest.raises(DamagedArtifact):
            use(KEY)
    store.commit(KEY, {"ae80.json": b"y"}, facts={})
    assert store.read(KEY, "ae80.json") == b"y"


def test_odd_provenance_is_no_reason_to_refuse_an_artifact(store: ArtifactStore) -> None:
    write(store, provenance={"commit": 5, "versions": ["x"]})
    assert (store.manifest(KEY).commit, store.manifest(KEY).versions) == (None, {})


def test_a_newer_manifest_is_never_replaced_by_an_older_program(store: ArtifactStore) -> None:
    write(store, schema=99)
    with pytest.raises(NewerArtifact):
        store.commit(KEY, {"ae80.json": b"y"}, facts={})


@pytest.mark.parametrize("name", ["a.b", "a b", "-x", "ä", "a%2e", "x\n", ".x", "a" * 81])
def test_odd_names_in_the_folder_are_passed_over(store: ArtifactStore, name: str) -> None:
    (store.root / f"models/{name}.manifest.json").write_bytes(b"{}")
    assert store.keys("models/") == [KEY]
    with pytest.raises(ValueError, match="An artifact key is"):
        store.open(f"models/{name}")


def test_every_error_of_a_read_is_one_of_the_store(store: ArtifactStore) -> None:
    original = manifest_file(store).read_bytes()
    for position in range(0, len(original), 7):
        damaged = bytearray(original)
        damaged[position] ^= 0x15
        manifest_file(store).write_bytes(damaged)
        with pytest.raises(ArtifactError):
            store.read(KEY, "ae80.json")
