"""The artifact store keeps what it is given and refuses what it was not given."""

import os
import pickle
from pathlib import Path

import pytest

from core.store import (
    ArtifactError,
    ArtifactStore,
    DamagedArtifact,
    MissingArtifact,
    NewerArtifact,
    atomic,
)
from core.store.manifest import SCHEMA

KEY = "models/ae80"
FILES: dict[str, bytes | Path] = {"ae80.json": b'{"filters": 64}', "ae80/encoder.onnx": b"weights"}


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


@pytest.fixture
def full_store(store: ArtifactStore) -> ArtifactStore:
    store.commit(KEY, FILES, facts={"epochs": 3})
    store.commit("results/imagenette160/jpeg", {"jpeg.parquet": b"rows"}, facts={})
    return store


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


def test_a_damaged_artifact_can_be_deleted_and_made_again(full_store: ArtifactStore) -> None:
    (full_store.root / "models/ae80.manifest.json").write_text("{")
    full_store.commit(KEY, FILES, facts={})
    assert full_store.read(KEY, "ae80.json") == FILES["ae80.json"]
    (full_store.root / "models/ae80.manifest.json").write_text("{")
    full_store.delete(KEY)
    assert not full_store.exists(KEY)


def test_the_lock_may_be_nested_and_commits_may_run_inside(store: ArtifactStore) -> None:
    with store.lock(KEY), store.lock(KEY):
        store.commit(KEY, FILES, facts={})
    assert store.exists(KEY)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "models",
        "models/",
        "/models/a",
        "models//a",
        "models/../results/a",
        "models/a.b",
        "models/.a",
        "models/a b",
        "models/a\n",
        "models/ä",
        "models\\a",
        "images/a",
        "models/" + "a" * 81,
    ],
)
def test_a_key_that_could_leave_the_store_is_refused(store: ArtifactStore, key: str) -> None:
    for operation in (store.exists, store.manifest, store.delete):
        with pytest.raises(ValueError, match="An artifact key is one of"):
            operation(key)
    with pytest.raises(ValueError, match="An artifact key is one of"):
        store.commit(key, {}, facts={})


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ae80",
        "ae80/",
        "ae800.json",
        "other.json",
        "ae80/../../x",
        "/ae80.json",
        "ae80/.hidden",
        "ae80.manifest.json",
        "ae80/x.manifest.json",
        "ae80.lock",
        "ae80.a b",
        "ae80.json\n",
        "ae80+json",
    ],
)
def test_a_file_name_that_is_not_the_artifacts_own_is_refused(
    full_store: ArtifactStore, name: str
) -> None:
    with pytest.raises(ValueError, match="received"):
        full_store.read(KEY, name)
    with pytest.raises(ValueError, match="received"):
        full_store.commit(KEY, {name: b""}, facts={})


def test_facts_that_are_not_json_leave_the_old_artifact(full_store: ArtifactStore) -> None:
    for facts, error in (({"loss": float("nan")}, ValueError), ({"data": b""}, TypeError)):
        with pytest.raises(error):
            full_store.commit(KEY, {"ae80.json": b"new"}, facts=facts)
    assert full_store.read(KEY, "ae80.json") == FILES["ae80.json"]
    assert not list(full_store.root.rglob(".tmp-*"))


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("datasets/imagenette160", "python -m pipelines.prepare"),
        ("results/imagenette160/jpeg", "python -m pipelines.evaluate jpeg"),
        ("results/kodak/jpeg", "python -m pipelines.evaluate jpeg --images DIR --dataset kodak"),
        ("models/ae80", "python -m pipelines.train ae80"),
        ("models/mine", "python -m pipelines.train MODEL --name mine"),
        ("datasets/mine", "python -m pipelines.prepare --source DIR --name mine"),
        ("studies/mine", "python -m pipelines.search MODEL --name mine"),
        ("histories/ae80/first", "python -m pipelines.train ae80"),
        ("checkpoints/ae80", "python -m pipelines.train ae80"),
        ("studies/ae80", "python -m pipelines.search ae80"),
        ("statistics/imagenette160", "python -m pipelines.describe"),
        ("statistics/search_starts", "python -m pipelines.describe --photographs"),
        ("statistics/mine", "python -m pipelines.describe --dataset mine"),
        ("benchmarks/speed", "python -m pipelines.benchmark"),
        ("cache/prepare/archive", "python -m pipelines.prepare"),
    ],
)
def test_a_missing_artifact_names_its_file_and_its_command(
    store: ArtifactStore, key: str, command: str
) -> None:
    with pytest.raises(MissingArtifact) as caught:
        store.manifest(key)
    assert caught.value.key == key
    assert caught.value.command == command
    assert str(caught.value) == (
        f"{store.root}/{key}.manifest.json does not exist. Make it with: {command}"
    )


def test_an_error_survives_the_way_between_processes(store: ArtifactStore) -> None:
    with pytest.raises(MissingArtifact) as caught:
        store.manifest(KEY)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is MissingArtifact
    assert (str(copy), copy.key) == (str(caught.value), KEY)


def test_a_missing_file_is_named_and_the_others_stay_readable(full_store: ArtifactStore) -> None:
    (full_store.root / "models/ae80/encoder.onnx").unlink()
    for verify in (True, False):
        with pytest.raises(MissingArtifact, match=r"artifacts/models/ae80/encoder\.onnx"):
            full_store.path(KEY, "ae80/encoder.onnx", verify=verify)
    assert full_store.read(KEY, "ae80.json") == FILES["ae80.json"]


def test_a_file_that_the_manifest_does_not_list_is_refused(full_store: ArtifactStore) -> None:
    (full_store.root / "models/ae80/extra.onnx").write_bytes(b"extra")
    with pytest.raises(MissingArtifact, match=r"extra\.onnx is not a file of models/ae80"):
        full_store.read(KEY, "ae80/extra.onnx")


def test_swapped_files_are_refused_by_name(full_store: ArtifactStore) -> None:
    first = full_store.path(KEY, "ae80.json")
    second = full_store.path(KEY, "ae80/encoder.onnx")
    first_content, second_content = first.read_bytes(), second.read_bytes()
    first.write_bytes(second_content)
    second.write_bytes(first_content)
    for name in FILES:
        with pytest.raises(DamagedArtifact, match=name):
            full_store.read(KEY, name)


def test_a_manifest_of_another_artifact_is_refused(full_store: ArtifactStore) -> None:
    foreign = (full_store.root / "results/imagenette160/jpeg.manifest.json").read_bytes()
    (full_store.root / "models/ae80.manifest.json").write_bytes(foreign)
    with pytest.raises(DamagedArtifact, match="belongs to another artifact, results/"):
        full_store.manifest(KEY)


def test_a_folder_in_the_place_of_a_file_is_damage(full_store: ArtifactStore) -> None:
    for name, damaged in (("ae80.json", "ae80.json"), ("ae80/encoder.onnx", "ae80.manifest.json")):
        path = full_store.root / "models" / damaged
        path.unlink()
        path.mkdir()
        with pytest.raises(DamagedArtifact, match=f"{damaged} cannot be read"):
            full_store.read(KEY, name)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"schema": 1, "checksum": ""}', "\xff"])
def test_a_manifest_that_is_not_one_is_damage(full_store: ArtifactStore, text: str) -> None:
    (full_store.root / "models/ae80.manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DamagedArtifact, match=r"models/ae80\.manifest\.json"):
        full_store.manifest(KEY)


def test_a_newer_artifact_is_refused_and_not_overwritten(full_store: ArtifactStore) -> None:
    path = full_store.root / "models/ae80.manifest.json"
    newer = path.read_text().replace(f'"schema": {SCHEMA}', f'"schema": {SCHEMA + 1}')
    path.write_text(newer)
    with pytest.raises(NewerArtifact, match="Update Bottleneck"):
        full_store.read(KEY, "ae80.json")
    with pytest.raises(NewerArtifact):
        full_store.commit(KEY, {"ae80.json": b"older"}, facts={})
    assert path.read_text() == newer
    full_store.delete(KEY)
    assert not full_store.exists(KEY)


def test_a_flipped_byte_anywhere_is_refused_by_name(full_store: ArtifactStore) -> None:
    refused = 0
    for damaged, name in (
        ("ae80.json", "ae80.json"),
        ("ae80/encoder.onnx", "ae80/encoder.onnx"),
        ("ae80.manifest.json", "ae80.json"),
    ):
        path = full_store.root / "models" / damaged
        sound = path.read_bytes()
        for position in range(len(sound)):
            flipped = bytearray(sound)
            flipped[position] ^= 1 << position % 8
            path.write_bytes(flipped)
            with pytest.raises(ArtifactError, match=f"artifacts/models/{damaged}"):
                full_store.read(KEY, name)
            refused += 1
        path.write_bytes(sound)
        assert full_store.read(KEY, name) == FILES[name]
    assert refused > 1000
    assert full_store.read("results/imagenette160/jpeg", "jpeg.parquet") == b"rows"


def test_an_unchanged_file_is_hashed_once(
    full_store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = []
    real = atomic.hashlib.file_digest
    monkeypatch.setattr(
        atomic.hashlib, "file_digest", lambda *given: hashed.append(1) or real(*given)
    )
    monkeypatch.setattr(atomic, "_SETTLING_NANOSECONDS", 0)
    path = full_store.path(KEY, "ae80.json")
    for _ in range(5):
        full_store.read(KEY, "ae80.json")
        full_store.path(KEY, "ae80.json")
    assert len(hashed) == 1
    status = path.stat()
    path.write_bytes(b'{"filters": 65}')
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    with pytest.raises(DamagedArtifact):
        full_store.read(KEY, "ae80.json")


def test_the_default_store_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))
    assert ArtifactStore.default().root == tmp_path
    monkeypatch.delenv("BOTTLENECK_ARTIFACTS")
    assert ArtifactStore.default().root == Path(atomic.__file__).parents[2] / "artifacts"
