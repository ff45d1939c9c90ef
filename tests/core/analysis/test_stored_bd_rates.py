from pathlib import Path

import pandas as pd
import pytest

from core.analysis.bd_tables import bd_rates_of
from core.analysis.stored_bd_rates import (
    bd_rates_key,
    compute_bd_rates,
    load_bd_rates,
    results_state,
    store_bd_rates,
)
from core.evaluation.results import load_results
from core.store import ArtifactStore

SHIPPED = "imagenette160"


@pytest.mark.slow  # resamples the images of every codec
def test_the_shipped_bd_rates_are_those_of_the_shipped_results() -> None:
    store = ArtifactStore.default()
    results = load_results(store, SHIPPED)
    stored = load_bd_rates(store, SHIPPED, results.manifests)
    assert stored is not None, "python -m pipelines.evaluate"
    computed = compute_bd_rates(results)
    pd.testing.assert_frame_equal(stored.table, computed.table)
    pd.testing.assert_frame_equal(stored.matrix, computed.matrix)
    pd.testing.assert_frame_equal(stored.models, computed.models)
    assert stored.models["wins"].all()


def test_the_shipped_bd_rates_are_of_the_shipped_results() -> None:
    store = ArtifactStore.default()
    assert load_bd_rates(store, SHIPPED, load_results(store, SHIPPED).manifests) is not None


def test_bd_rates_of_other_results_are_computed_again(tmp_path: Path) -> None:
    shipped = load_results(ArtifactStore.default(), SHIPPED)
    few = {"jpeg", "webp", "png"}
    results = type(shipped)(
        shipped.frame[shipped.frame["codec"].isin(few)],
        (),
        {name: found for name, found in shipped.manifests.items() if name in few},
    )
    store = ArtifactStore(tmp_path)
    assert load_bd_rates(store, "own", results.manifests) is None
    assert store_bd_rates(store, "own", results)
    made = load_bd_rates(store, "own", results.manifests)
    assert made is not None
    assert made.table["codec"].tolist() == ["webp"]
    assert set(bd_rates_of("webp", made.matrix)) == {"jpeg"}
    created = store.manifest(bd_rates_key("own")).created
    assert not store_bd_rates(store, "own", results)
    assert store.manifest(bd_rates_key("own")).created == created
    del results.manifests["png"]
    assert load_bd_rates(store, "own", results.manifests) is None


def test_earlier_bd_rates_hold_only_where_no_codec_lacked_an_image(tmp_path: Path) -> None:
    shipped, results = ArtifactStore.default(), load_results(ArtifactStore.default(), SHIPPED)
    stored = load_bd_rates(shipped, SHIPPED, results.manifests)
    assert stored is not None
    store, key = ArtifactStore(tmp_path), bd_rates_key("own")
    facts = {"state": results_state(results.manifests)}

    def commit(table: pd.DataFrame, **more: object) -> None:
        parts = {"table": table, "matrix": stored.matrix, "models": stored.models}
        files = {f"own.{name}.parquet": part.to_parquet() for name, part in parts.items()}
        store.commit(key, files, facts=facts | more)

    commit(stored.table)
    assert load_bd_rates(store, "own", results.manifests) is not None
    # Some images came back exactly, and each codec was averaged over those that it had.
    commit(stored.table.assign(images=stored.table["images"] - 2))
    assert load_bd_rates(store, "own", results.manifests) is None
    commit(stored.table.assign(images=stored.table["images"] - 2), shared_images=True)
    assert load_bd_rates(store, "own", results.manifests) is not None


def test_damaged_bd_rates_are_computed_again(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    results = load_results(ArtifactStore.default(), SHIPPED)
    store.commit(bd_rates_key("own"), {"own.table.parquet": b"no table"}, facts={})
    assert load_bd_rates(store, "own", results.manifests) is None
