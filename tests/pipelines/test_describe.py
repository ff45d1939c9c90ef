import json

import numpy as np
import pandas as pd
import pytest

from core.dataset.splits import KEY as DATASET_KEY
from core.dataset.splits import array_file, dataset_key, index_file
from core.dataset.traits import (
    TRAITS,
    load_ranges,
    measure_traits,
    ranges_file,
    ranges_key,
    ranges_of,
)
from core.store import ArtifactStore
from pipelines import describe


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))
    return ArtifactStore.default()


def commit_dataset(store, name, train):
    """A data set of some training images, with one validation image unlike them."""
    count = len(train)
    splits = ["train"] * count + ["validation"]
    ids = [f"{number:03}" for number in range(count + 1)]
    index = pd.DataFrame({"id": ids, "class_name": "x", "split": splits})
    with store.staging(dataset_key(name)) as folder:
        index.to_parquet(folder / "index.parquet")
        np.save(folder / "train.npy", train)
        np.save(folder / "validation.npy", np.zeros((1, 30, 30, 3), np.uint8))
        files = {
            index_file(name): folder / "index.parquet",
            array_file("train", name): folder / "train.npy",
            array_file("validation", name): folder / "validation.npy",
        }
        store.commit(dataset_key(name), files, facts={})


@pytest.fixture
def images(store):
    """Five training images of the shipped data set."""
    train = np.random.default_rng(4).integers(0, 256, (5, 30, 30, 3), np.uint8)
    commit_dataset(store, "imagenette160", train)
    return train


def test_the_ranges_span_the_training_images_and_validation_tells_how_many_lie_outside(
    store, images, capsys
):
    assert describe.main([]) == 0
    measured = [measure_traits(image) for image in images]
    for trait in TRAITS:
        values = sorted(traits[trait.name] for traits in measured)
        low, high = load_ranges(store)[trait.name]
        assert values[0] <= low <= values[1]
        assert values[-2] <= high <= values[-1]
    facts = store.manifest(ranges_key()).facts
    assert (facts["images"], facts["validation_outside"]) == (5, 1)
    assert facts["dataset"]["sha256"] == (
        store.manifest(DATASET_KEY).files["imagenette160/train.npy"].sha256
    )
    assert "1 of 1 validation images" in capsys.readouterr().out


def test_without_a_data_set_one_line_names_the_step_that_makes_it(store, capsys):
    assert describe.main([]) == 2
    assert "pipelines.prepare" in capsys.readouterr().err


def test_a_named_data_set_is_described_beside_the_shipped_one(store, images):
    ranges = ranges_of([measure_traits(image) for image in images])
    data = json.dumps({"ranges": ranges}).encode()
    shipped = store.commit(ranges_key(), {ranges_file(): data}, facts={})
    commit_dataset(store, "mine", images // 8)
    assert describe.main(["--dataset", "mine"]) == 0
    assert store.keys("statistics/") == ["statistics/imagenette160", "statistics/mine"]
    assert store.manifest(ranges_key()) == shipped
    assert load_ranges(store, dataset="mine")["contrast"][1] < load_ranges(store)["contrast"][0]
    facts = store.manifest("statistics/mine").facts
    assert facts["dataset"] == {
        "name": "mine",
        "sha256": store.manifest("datasets/mine").files["mine/train.npy"].sha256,
    }


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("kodak", "There is no data set kodak; those prepared are imagenette160. Prepare it with"),
        ("../up", "received '../up'"),
        ("search_starts", "cannot be described"),
    ],
)
def test_a_data_set_that_cannot_be_described_is_refused_in_one_line(
    store, images, capsys, name, message
):
    assert describe.main(["--dataset", name]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert store.keys("statistics/") == []


def test_a_negative_number_is_refused(capsys):
    assert describe.main(["--most", "-1"]) == 2
    assert "--most must be 0 or more; received -1." in capsys.readouterr().err
