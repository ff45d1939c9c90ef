"""The artifact store keeps what it is given."""

from pathlib import Path

import pytest

from core.store import (
    ArtifactStore,
    MissingArtifact,
    atomic,
)
from tests.core.store.stored_files import FILES, KEY


def names_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_was_committed_is_read_back(full_store: ArtifactStore) -> None:
    for name, content in FILES.items():
        assert full_store.read(KEY, name) == content
        assert full_store.path(KEY, name).read_bytes() == content
        assert full_store.path(KEY, name, verify=False).read_bytes() == content


def test_files_lie_at_fixed_places(full_store: ArtifactStore) -> None:
    assert names_below(full_store.root / "models") == {
        "ae80.manifest.json",
        "ae80.json",
        "ae80/encoder.onnx",
        ".ae80.lock",
    }
    assert full_store.path(KEY, "ae80.json") == full_store.root / "models" / "ae80.json"


def test_the_manifest_says_what_when_and_from_which_code(full_store: ArtifactStore) -> None:
    manifest = full_store.manifest(KEY)
    assert manifest.key == KEY
    assert manifest.facts == {"epochs": 3}
    assert manifest.created.endswith("+00:00")
    assert manifest.versions["numpy"]
    assert manifest.commit == manifest.provenance["commit"]
    assert {name: entry.bytes for name, entry in manifest.files.items()} == {
        name: len(content) for name, content in FILES.items() if isinstance(content, bytes)
    }


def test_every_commit_changes_the_state_and_nothing_else_does(full_store: ArtifactStore) -> None:
    first = full_store.state(KEY)
    full_store.commit("models/ae40", {"ae40.json": b"{}"}, facts={})
    full_store.read(KEY, "ae80.json")
    assert full_store.state(KEY) == first
    full_store.commit(KEY, FILES, facts={"epochs": 3})
    second = full_store.state(KEY)
    assert second != first
    (full_store.root / "models/ae80.manifest.json").write_text("{")
    assert full_store.state(KEY) not in {first, second}


def test_a_file_that_is_left_out_is_gone_and_all_else_stays(full_store: ArtifactStore) -> None:
    before = full_store.manifest(KEY)
    after = full_store.leave_out(KEY, ["ae80.json"])
    assert full_store.manifest(KEY) == after
    assert (after.created, after.facts) == (before.created, before.facts)
    assert after.files == {"ae80/encoder.onnx": before.files["ae80/encoder.onnx"]}
    assert full_store.read(KEY, "ae80/encoder.onnx") == FILES["ae80/encoder.onnx"]
    assert "ae80.json" not in names_below(full_store.root / "models")
    with pytest.raises(ValueError, match=r"no file ae80\.json"):
        full_store.leave_out(KEY, ["ae80.json"])
    full_store.commit(KEY, FILES, facts={})
    assert full_store.read(KEY, "ae80.json") == FILES["ae80.json"]


def test_what_is_missing_has_no_state(store: ArtifactStore) -> None:
    with pytest.raises(MissingArtifact, match=r"ae80\.manifest\.json does not exist"):
        store.state(KEY)


def test_commit_returns_the_manifest_that_is_read_afterwards(store: ArtifactStore) -> None:
    assert store.commit(KEY, FILES, facts={"epochs": 3}) == store.manifest(KEY)


def test_a_second_commit_replaces_the_artifact_as_a_whole(full_store: ArtifactStore) -> None:
    full_store.commit(KEY, {"ae80.json": b"{}"}, facts={"epochs": 4})
    assert full_store.read(KEY, "ae80.json") == b"{}"
    assert full_store.manifest(KEY).facts == {"epochs": 4}
    with pytest.raises(MissingArtifact, match=r"ae80/encoder\.onnx is not a file of models/ae80"):
        full_store.read(KEY, "ae80/encoder.onnx")
    assert not (full_store.root / "models/ae80/encoder.onnx").exists()


def test_unchanged_content_can_be_committed_again(full_store: ArtifactStore) -> None:
    full_store.commit(KEY, FILES, facts={"epochs": 3})
    assert {name: full_store.read(KEY, name) for name in FILES} == FILES


def test_files_of_equal_content_are_kept_apart(store: ArtifactStore) -> None:
    names = ("ae80.a", "ae80.b", "ae80/a", "ae80/b")
    store.commit(KEY, dict.fromkeys(names, b"same"), facts={})
    assert [store.read(KEY, name) for name in names] == [b"same"] * 4


def test_a_file_may_be_empty_and_an_artifact_may_have_no_files(store: ArtifactStore) -> None:
    store.commit(KEY, {"ae80.log": b""}, facts={})
    assert store.read(KEY, "ae80.log") == b""
    store.commit(KEY, {}, facts={})
    assert store.manifest(KEY).files == {}


def test_a_staged_file_is_moved_into_the_artifact(store: ArtifactStore) -> None:
    with store.staging(KEY) as folder:
        (folder / "deep").mkdir()
        source = folder / "deep" / "any name at all"
        source.write_bytes(b"large")
        store.commit(KEY, {"ae80/encoder.onnx": source}, facts={})
        assert not source.exists()
    assert not folder.exists()
    assert store.read(KEY, "ae80/encoder.onnx") == b"large"


def test_only_a_staged_file_can_be_moved(store: ArtifactStore, tmp_path: Path) -> None:
    outside = tmp_path / "precious"
    outside.write_bytes(b"mine")
    with store.staging(KEY) as folder, store.staging("models/ae40") as other:
        (other / "file").write_bytes(b"another's")
        for path in (outside, folder / ".." / ".." / ".." / "precious", other / "file"):
            with pytest.raises(ValueError, match="lies in staging"):
                store.commit(KEY, {"ae80.json": path}, facts={})
    assert outside.read_bytes() == b"mine"


def test_a_staging_folder_left_by_a_dead_process_is_cleared(store: ArtifactStore) -> None:
    with store.staging(KEY) as living:
        dead = living.with_name(living.name + "dead")
        dead.mkdir()
        (dead / ".lock").touch()
        (dead / "half").write_bytes(b"ha")
        store.commit(KEY, FILES, facts={})
        assert living.is_dir()
        assert not dead.exists()


def test_keys_lists_the_artifacts_below_a_prefix(full_store: ArtifactStore) -> None:
    assert full_store.keys() == [KEY, "results/imagenette160/jpeg"]
    assert full_store.keys("results/") == ["results/imagenette160/jpeg"]
    assert full_store.keys("studies/") == []


def test_a_store_without_a_folder_is_empty(store: ArtifactStore) -> None:
    assert store.keys() == []
    assert not store.exists(KEY)
    with pytest.raises(MissingArtifact):
        store.manifest(KEY)
    store.delete(KEY)
    assert not store.root.exists()


def test_delete_leaves_nothing_of_the_artifact(full_store: ArtifactStore) -> None:
    full_store.delete(KEY)
    assert not full_store.exists(KEY)
    assert names_below(full_store.root / "models") == {".ae80.lock"}
    assert full_store.exists("results/imagenette160/jpeg")


def test_the_lock_may_be_nested_and_commits_may_run_inside(store: ArtifactStore) -> None:
    with store.lock(KEY), store.lock(KEY):
        store.commit(KEY, FILES, facts={})
    assert store.exists(KEY)


def test_the_default_store_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))
    assert ArtifactStore.default().root == tmp_path
    monkeypatch.delenv("BOTTLENECK_ARTIFACTS")
    assert ArtifactStore.default().root == Path(atomic.__file__).parents[2] / "artifacts"
