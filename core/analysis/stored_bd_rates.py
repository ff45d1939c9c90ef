"""BD-rates that every visitor asks for first, computed when results are committed.

The intervals take seconds, and the library behind them brings SciPy and Matplotlib, which the
first page then need not load. Tables of other results than those that are stored now are not used.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import pandas as pd

from core.analysis.bd_tables import SAMPLES, bd_matrix, bd_table
from core.analysis.optimised_for import model_rates
from core.analysis.rate_distortion import METHOD
from core.evaluation.facts import measured_images
from core.evaluation.measurements import lossy_measurements, on_common_images
from core.evaluation.results import Results
from core.metrics import psnr_db
from core.store import Artifact, ArtifactError, ArtifactStore, Manifest
from core.store.key import file_name

#: Metric of the tables and codec that the others are compared with.
METRIC = psnr_db.NAME
ANCHOR = "jpeg"
#: Fact of tables whose codecs are all compared over the same images; earlier ones lack it.
_SHARED = "shared_images"


@dataclass(frozen=True)
class BdRates:
    """BD-rates by PSNR and the size of the whole file.

    Attributes:
        table: Against `ANCHOR`, as `core.analysis.bd_tables.bd_table` gives it without labels;
            without rows where the anchor is not measured.
        matrix: Of all pairs, as `core.analysis.bd_tables.bd_matrix` gives them.
        models: Of BNK's two models, by PSNR and by SSIMULACRA2, as
            `core.analysis.optimised_for.model_rates` gives them.
    """

    table: pd.DataFrame
    matrix: pd.DataFrame
    models: pd.DataFrame


def compute_bd_rates(results: Results) -> BdRates:
    """BD-rates of the codecs that lose pixels, over the images that all have."""
    common = on_common_images(results.frame)
    tables = lossy_measurements(common, metric=METRIC)
    anchored = tables if ANCHOR in tables else {}
    table = bd_table(anchored, anchor=ANCHOR, labels={}) if anchored else pd.DataFrame()
    return BdRates(table, bd_matrix(tables), model_rates(common))


def store_bd_rates(store: ArtifactStore, dataset: str, results: Results) -> bool:
    """Computes and commits the BD-rates of a data set; False where they are those already."""
    if load_bd_rates(store, dataset, results.manifests) is not None:
        return False
    found, key = compute_bd_rates(results), bd_rates_key(dataset)
    files = {
        file_name(key, "table.parquet"): found.table.to_parquet(index=False),
        file_name(key, "matrix.parquet"): found.matrix.to_parquet(),
        file_name(key, "models.parquet"): found.models.to_parquet(index=False),
    }
    state = results_state(results.manifests)
    store.commit(key, files, facts={"state": state, _SHARED: True})
    return True


def load_bd_rates(
    store: ArtifactStore, dataset: str, manifests: Mapping[str, Manifest]
) -> BdRates | None:
    """Stored BD-rates; None where there are none of these results, or they cannot be read.

    Args:
        store: Where they lie.
        dataset: Name of the data set.
        manifests: Manifest of the results by codec.
    """
    try:
        artifact = store.open(bd_rates_key(dataset))
        if artifact.manifest.facts.get("state") != results_state(manifests):
            return None
        found = BdRates(*(_frame(artifact, name) for name in ("table", "matrix", "models")))
    except ArtifactError:
        return None
    is_current = artifact.manifest.facts.get(_SHARED) or _has_all_images(found, manifests)
    return found if is_current else None


def results_state(manifests: Mapping[str, Manifest], salt: str = "") -> str:
    """SHA-256 of the results' files and of the method, which BD-rates depend on.

    Args:
        manifests: Manifest of the results by codec.
        salt: What else a table depends on.
    """
    digest = hashlib.sha256(f"{METHOD} {SAMPLES} {salt}".encode())
    for name, manifest in sorted(manifests.items()):
        files = sorted((file, entry.sha256) for file, entry in manifest.files.items())
        digest.update(f"{name} {files}".encode())
    return digest.hexdigest()


def bd_rates_key(dataset: str) -> str:
    """Key of the BD-rates of a data set."""
    return f"bd_rates/{dataset}"


def _has_all_images(found: BdRates, manifests: Mapping[str, Manifest]) -> bool:
    """Whether earlier tables are as now: no codec lacked an image, and there are several."""
    measured = {images.images for one in manifests.values() if (images := measured_images(one))}
    counts = set() if found.table.empty else set(found.table["images"])
    return counts == measured and min(counts, default=0) > 1


def _frame(artifact: Artifact, ending: str) -> pd.DataFrame:
    name = artifact.file(f"{ending}.parquet")
    return artifact.parsed(name, _parsed, reason="is no table of BD-rates")


def _parsed(data: bytes) -> pd.DataFrame:
    return pd.read_parquet(BytesIO(data))
