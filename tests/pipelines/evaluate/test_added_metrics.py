"""A metric that is added to stored results."""

import io
import shutil
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from core.evaluation.results import load_results
from core.evaluation.table import from_parquet, to_parquet
from core.store import ArtifactStore
from pipelines.evaluate import step

pytestmark = pytest.mark.slow  # each prepares, measures and adds

ADDED = "psnr_hvs_m"
OTHERS = ["psnr_db", "ssim", "ssimulacra2", "ms_ssim_4"]
KEY, FILE = "results/imagenette160/jpeg", "jpeg.parquet"


@pytest.fixture(scope="module", autouse=True)
def _two_slow_images() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.dataset.splits.SUBSET_COUNT", 2)
        yield


@pytest.fixture
def store(measured_once, tmp_path, monkeypatch) -> ArtifactStore:
    """Store with results of JPEG on five images, two of them with slow metrics, without ADDED."""
    root = shutil.copytree(measured_once.root, tmp_path / "artifacts")
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(root))
    return ArtifactStore(root)


@pytest.fixture(scope="module")
def measured_once(tmp_path_factory, _two_slow_images) -> ArtifactStore:
    """The store of which each test has a copy."""
    found = ArtifactStore(tmp_path_factory.mktemp("added") / "artifacts")
    images = np.random.default_rng(1).integers(0, 256, (5, 90, 90, 3), np.uint8)
    ids = [f"n01/{number}" for number in range(5)]
    columns = {"id": ids, "class_id": "n01", "class_name": "noise", "split": "test"}
    index = pd.DataFrame(columns | {"sha256": [f"{number:064x}" for number in range(5)]})
    arrays, table = io.BytesIO(), io.BytesIO()
    np.save(arrays, images)
    index.to_parquet(table)
    contents = {"test.npy": arrays.getvalue(), "index.parquet": table.getvalue()}
    files = {f"imagenette160/{name}": content for name, content in contents.items()}
    found.commit("datasets/imagenette160", files, facts={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTLENECK_ARTIFACTS", str(found.root))
        assert run() == 0
    without(found, ADDED)
    return found


def run(*flags: str) -> int:
    return step.main(["jpeg", "--jobs", "1", *flags])


def without(store: ArtifactStore, metric: str, **changes: object) -> None:
    """Stores the results again as an earlier version wrote them, which had no such metric."""
    facts = dict(store.manifest(KEY).facts)
    for name in ("metrics", "metric_fingerprints"):
        facts[name] = {key: value for key, value in facts[name].items() if key != metric}
    table = from_parquet(store.read(KEY, FILE)).drop_columns([metric])
    store.commit(KEY, {FILE: to_parquet(table)}, facts=facts | changes)


def stored(store: ArtifactStore) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(store.read(KEY, FILE)))


def test_results_without_a_metric_are_read_as_before(store) -> None:
    assert ADDED not in stored(store)
    frame = load_results(store, "imagenette160").frame
    assert frame[ADDED].isna().all()
    assert frame["psnr_db"].notna().all()


def test_a_metric_is_added_and_no_other_column_changes(store, capsys) -> None:
    before, facts = stored(store), store.manifest(KEY).facts
    assert run("--metric", ADDED) == 0
    assert f"jpeg: only {ADDED} will be measured and added." in capsys.readouterr().err
    after = stored(store)
    pd.testing.assert_frame_equal(after[before.columns], before)
    assert set(after.columns) - set(before.columns) == {ADDED}
    measured = after[after[ADDED].notna()]
    slow = after[after["ssimulacra2"].notna()]
    assert len(measured) == len(slow) == 2 * 12
    assert set(measured["image"]) == set(slow["image"])
    assert measured[ADDED].between(5, 100).all()
    changed = store.manifest(KEY).facts
    assert changed["extended"]["metrics"] == [ADDED]
    assert {name: changed["metric_fingerprints"][name] for name in OTHERS} == {
        name: facts["metric_fingerprints"][name] for name in OTHERS
    }
    assert run("--metric", ADDED) == 0
    assert "jpeg: up to date." in capsys.readouterr().err
    assert run() == 0
    assert "jpeg: up to date." in capsys.readouterr().err


def test_only_images_that_need_it_are_coded_again(store, monkeypatch) -> None:
    [plan] = step.plans(step.Config(codecs=("jpeg",), metric=(ADDED,)), say=print)
    assert sum(len(block.images) for block in plan.blocks.values()) == 2
    without(store, "ms_ssim")
    [plan] = step.plans(step.Config(codecs=("jpeg",)), say=print)
    assert plan.added == (ADDED,)  # no image has the 176 pixels that MS-SSIM needs
    [plan] = step.plans(step.Config(codecs=("jpeg",), metric=("ms_ssim",)), say=print)
    assert plan.blocks == {}
    assert run("--metric", "ms_ssim") == 0
    assert stored(store)["ms_ssim"].isna().all()


def test_results_whose_files_come_out_in_another_size_are_refused(store, capsys) -> None:
    table = from_parquet(store.read(KEY, FILE))
    sizes = table["bytes"].to_pandas().to_numpy().copy()
    subset = table["ssimulacra2"].to_pandas().notna().to_numpy()
    sizes[np.flatnonzero(subset)[0]] += 1
    column = table.column_names.index("bytes")
    changed = table.set_column(column, table.field(column), [sizes])
    store.commit(KEY, {FILE: to_parquet(changed)}, facts=store.manifest(KEY).facts)
    before = store.read(KEY, FILE)
    assert run("--metric", ADDED) == 2
    assert "The files are not as large as those of the stored results." in capsys.readouterr().err
    assert store.read(KEY, FILE) == before


def test_results_of_other_code_take_a_metric_where_every_size_is_the_same(store) -> None:
    without_facts = store.manifest(KEY).facts | {"fingerprint": "of an earlier version"}
    store.restate(KEY, without_facts)
    assert run("--metric", ADDED) == 0
    assert store.manifest(KEY).facts["fingerprint"] == "of an earlier version"
    assert stored(store)[ADDED].notna().sum() == 2 * 12


def test_a_codec_without_results_is_named_and_nothing_is_measured(store, capsys) -> None:
    assert step.main(["png", "--metric", ADDED]) == 0
    assert "png: no results to add a metric to." in capsys.readouterr().err
    assert not store.exists("results/imagenette160/png")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--metric", "vmaf"), "--metric takes some of psnr_db"),
        (("--metric", ADDED, "--again"), "--again and --verify do not"),
    ],
)
def test_what_cannot_be_added_is_one_line(store, capsys, flags, message) -> None:
    assert run(*flags) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_results_that_lack_a_metric_are_verified_in_what_they_have(store, capsys) -> None:
    assert run("--verify", "24", "--stamp") == 0
    assert "jpeg: equal." in capsys.readouterr().err
    assert ADDED not in store.manifest(KEY).facts["metric_fingerprints"]
