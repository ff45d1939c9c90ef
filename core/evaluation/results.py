"""Stored results: where they lie, how they are read, and whether they are of the present model."""

from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from core.evaluation.facts import ResultFacts
from core.evaluation.fingerprint import model_digest
from core.evaluation.table import concatenate, from_parquet, to_frame
from core.store import Artifact, ArtifactError, ArtifactStore, Manifest
from core.store.key import last_part


@dataclass(frozen=True)
class OtherModel:
    """Results that were measured with another model than the one that is stored now.

    Attributes:
        codec: The codec.
        dataset: The data set.
    """

    codec: str
    dataset: str

    @property
    def command(self) -> str:
        """Command that measures the present model."""
        named = "" if self.dataset == DEFAULT_DATASET else f" --dataset {self.dataset}"
        return f"python -m pipelines.evaluate {self.codec}{named}"

    def __str__(self) -> str:
        return (
            f"The results of {self.codec} on {self.dataset} are of another model than the one "
            f"that is stored now. Measure this one with: {self.command}"
        )


@dataclass(frozen=True)
class Results:
    """What was measured on a data set.

    Attributes:
        frame: Rows of all codecs that could be read, typed as `core.evaluation.table.to_frame`
            says.
        problems: One error for each codec whose results are missing or damaged.
        manifests: Manifest by codec, of those that could be read.
        other_models: By codec, the results that are of another model than the present one.
    """

    frame: pd.DataFrame
    problems: tuple[ArtifactError, ...]
    manifests: dict[str, Manifest]
    other_models: dict[str, OtherModel] = field(default_factory=dict)


#: Data set of the thesis, whose test split is measured unless another one is named.
DEFAULT_DATASET = "imagenette160"


def load_results(store: ArtifactStore, dataset: str) -> Results:
    """Verified results of every codec on a data set; one damaged file does not hide the rest."""
    tables: list[pa.Table] = []
    problems: list[ArtifactError] = []
    manifests: dict[str, Manifest] = {}
    other_models: dict[str, OtherModel] = {}
    for key in store.keys(result_key(dataset, "")):
        codec = last_part(key)
        try:
            table, manifest = store.load(key, _read_results)
            tables.append(table)
            manifests[codec] = manifest
            if is_of_other_model(store, codec, manifest):
                other_models[codec] = OtherModel(codec, dataset)
        except ArtifactError as error:
            problems.append(error)
    frame = to_frame(concatenate(tables))
    return Results(frame, tuple(problems), manifests, other_models)


def _read_results(artifact: Artifact) -> tuple[pa.Table, Manifest]:
    name = artifact.file("parquet")
    table = artifact.parsed(name, from_parquet, reason="is not a table of results")
    return table, artifact.manifest


def is_of_other_model(store: ArtifactStore, codec: str, manifest: Manifest) -> bool:
    """Whether results were measured with another model than the one that is stored now.

    False where it is not known: the codec has no model, it is not stored (any more) or damaged, or
    an earlier version of this program measured and did not write down which one it was.

    Args:
        store: Where the present model is.
        codec: The codec.
        manifest: Manifest of its results.
    """
    measured: str | None = manifest.facts.get("model")
    if measured is None:
        return False
    try:
        present = model_digest(store, codec)
    except ArtifactError:
        return False
    return present is not None and present != measured


def result_facts(results: Results) -> dict[str, ResultFacts]:
    """Facts by codec of results, typed."""
    return {codec: ResultFacts.of(manifest) for codec, manifest in results.manifests.items()}


def result_datasets(store: ArtifactStore) -> list[str]:
    """Names of the data sets that have results, in alphabetical order."""
    return sorted({key.split("/")[1] for key in store.keys("results/")})


def result_key(dataset: str, codec: str) -> str:
    """Key of a codec's results on a data set; its file is called `<codec>.parquet`."""
    return f"results/{dataset}/{codec}"
