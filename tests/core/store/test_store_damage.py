"""What is missing, damaged, exchanged or newer is refused by name."""

import os
import pickle

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
from tests.core.store.stored_files import FILES, KEY


def test_a_damaged_artifact_can_be_deleted_and_made_again(full_store: ArtifactStore) -> None:
    (full_store.root / "models/ae80.manifest.json").write_text("{")
    full_store.commit(KEY, FILES, facts={})
    assert full_store.read(KEY, "ae80.json") == FILES["ae80.json"]
    (full_store.root / "models/ae80.manifest.json").write_text("{")
    full_store.delete(KEY)
    assert not full_store.exists(KEY)


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("datasets/imagenette160", "python -m pipelines.prepare"),
        ("results/imagenette160/jpeg", "python -m pipelines.evaluate jpeg"),
        ("results/kodak/jpeg", "python -m pipelines.evaluate jpeg --images DIR --dataset kodak"),
        ("models/ae80", "python -m pipelines.train ae80"),
        (
            "models/bottleneck_visual",
            "python -m pipelines.train bottleneck --finetune --preset visual "
            "--name bottleneck_visual",
        ),
        (
            "models/ladder_context",
            "python -m pipelines.train bottleneck --preset ladder_context --name ladder_context",
        ),
        ("cache/train/ae20/weights-best", "python -m pipelines.train ae20"),
        ("cache/train/mine/weights-best", "python -m pipelines.train MODEL --name mine"),
        ("cache/search/ae80", "python -m pipelines.search ae80"),
        ("cache/dashboard/uploads", "streamlit run dashboard/app.py"),
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
        ("cache/prepare/photographs", "python -m pipelines.prepare --extra ARCHIVE"),
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
