"""An artifact that is replaced by another one, and what may be left of both."""

from pathlib import Path

from core.store import ArtifactStore

KEY = "models/ae80"


OLD: dict[str, bytes | Path] = {"ae80.json": b"old", "ae80/weights": b"o" * 999, "ae80/gone": b"x"}


NEW: dict[str, bytes | Path] = {"ae80.json": b"new", "ae80/weights": b"n" * 999, "ae80/more": b"y"}


def loaded(store: ArtifactStore) -> dict[str, bytes]:
    return {name: store.read(KEY, name) for name in store.manifest(KEY).files}


def assert_nothing_is_left_over(store: ArtifactStore) -> None:
    assert not list(store.root.rglob(".tmp-*"))
    kept = {*store.manifest(KEY).files, "ae80.manifest.json", ".ae80.lock"}
    folder = store.root / "models"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == kept
