"""Keys, file names and facts that an artifact cannot have are refused."""

import pytest

from core.store import (
    ArtifactStore,
)
from tests.core.store.stored_files import FILES, KEY


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
