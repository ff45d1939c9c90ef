"""Which measurements of the ladder are made, and which are up to date."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from core.analysis.stored_ladder import is_measured, rung_key
from core.store import ArtifactStore
from pipelines import ladder

DATASET = "photos"
#: What measurements of earlier versions of this program do not state.
IMAGES = "dataset"


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    # A thread in place of a process, which would import everything anew.
    monkeypatch.setattr(ladder, "worker_pool", ThreadPoolExecutor)
    return ArtifactStore.default()


def prepare(store, *, seed):
    """A data set of three random validation images of 32x32."""
    images = np.random.default_rng(seed).integers(0, 256, (3, 32, 32, 3), np.uint8)
    index = pd.DataFrame({"id": list("abc"), "class_name": "noise", "split": "validation"})
    arrays, table = io.BytesIO(), io.BytesIO()
    np.save(arrays, images)
    index.to_parquet(table)
    files = {f"{DATASET}/validation.npy": arrays, f"{DATASET}/index.parquet": table}
    contents = {name: file.getvalue() for name, file in files.items()}
    store.commit(f"datasets/{DATASET}", contents, facts={})


def run():
    return ladder.main(["--dataset", DATASET, "--images", "2", "--jobs", "1"])


def measured_rates(store):
    data = store.read(rung_key(DATASET, "jpeg"), "jpeg.parquet")
    return pd.read_parquet(io.BytesIO(data))["bytes"].tolist()


def test_what_was_measured_on_other_images_is_measured_again(store, capsys):
    prepare(store, seed=0)
    assert run() == 0
    first = measured_rates(store)
    assert "wrote ladders/photos/jpeg" in capsys.readouterr().out
    assert run() == 0
    assert "wrote" not in capsys.readouterr().out

    prepare(store, seed=1)
    assert not is_measured(store, DATASET, "jpeg")
    assert run() == 0
    assert is_measured(store, DATASET, "jpeg")
    assert measured_rates(store) != first


def test_measurements_that_do_not_state_their_images_count_as_of_these(store):
    prepare(store, seed=0)
    assert run() == 0
    key = rung_key(DATASET, "jpeg")
    stated = store.manifest(key).facts[IMAGES]
    digest = store.manifest(f"datasets/{DATASET}").files[f"{DATASET}/validation.npy"].sha256
    assert (stated["sha256"], stated["images"]) == (digest, 2)
    former = {name: fact for name, fact in store.manifest(key).facts.items() if name != IMAGES}
    store.commit(key, {"jpeg.parquet": store.read(key, "jpeg.parquet")}, facts=former)
    prepare(store, seed=1)
    assert is_measured(store, DATASET, "jpeg")


def test_measurements_stay_up_to_date_where_the_images_are_not_prepared(store, tmp_path):
    prepare(store, seed=0)
    assert run() == 0
    key = rung_key(DATASET, "jpeg")
    elsewhere = ArtifactStore(tmp_path / "elsewhere")
    files = {"jpeg.parquet": store.read(key, "jpeg.parquet")}
    elsewhere.commit(key, files, facts=store.manifest(key).facts)
    assert is_measured(elsewhere, DATASET, "jpeg")
