import numpy as np
import pandas as pd
import pytest

from core.dataset.splits import INDEX_FILE
from core.dataset.splits import KEY as DATASET_KEY
from core.dataset.traits import KEY, TRAITS, load_ranges, measure_traits
from core.store import ArtifactStore
from pipelines import describe


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))
    return ArtifactStore.default()


@pytest.fixture
def images(store):
    """Five training images in a data set, with one validation image unlike them."""
    train = np.random.default_rng(4).integers(0, 256, (5, 30, 30, 3), np.uint8)
    blank = np.zeros((1, 30, 30, 3), np.uint8)
    splits = ["train"] * 5 + ["validation"]
    index = pd.DataFrame({"id": list("abcdef"), "class_name": ["x"] * 6, "split": splits})
    with store.staging(DATASET_KEY) as folder:
        index.to_parquet(folder / "index.parquet")
        np.save(folder / "train.npy", train)
        np.save(folder / "validation.npy", blank)
        files = {
            INDEX_FILE: folder / "index.parquet",
            "imagenette160/train.npy": folder / "train.npy",
            "imagenette160/validation.npy": folder / "validation.npy",
        }
        store.commit(DATASET_KEY, files, facts={})
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
    facts = store.manifest(KEY).facts
    assert (facts["images"], facts["validation_outside"]) == (5, 1)
    assert facts["dataset"]["sha256"] == (
        store.manifest(DATASET_KEY).files["imagenette160/train.npy"].sha256
    )
    assert "1 of 1 validation images" in capsys.readouterr().out


def test_without_a_data_set_one_line_names_the_step_that_makes_it(store, capsys):
    assert describe.main([]) == 2
    assert "pipelines.prepare" in capsys.readouterr().err


def test_a_negative_number_is_refused(capsys):
    assert describe.main(["--most", "-1"]) == 2
    assert "--most must be 0 or more; received -1." in capsys.readouterr().err
