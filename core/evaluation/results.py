"""Stored results: their keys, reading them, and whether they belong to the stored model."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from core.dataset.splits import digest_of_test_images
from core.evaluation.facts import measured_images
from core.evaluation.fingerprint import model_digest
from core.evaluation.table import concatenate, from_parquet, to_frame
from core.store import Artifact, ArtifactError, ArtifactStore, Manifest
from core.store.key import last_part


class OutdatedResults(ArtifactError):
    """Results that do not belong to the stored model or data set."""

    advice = "Measure again with"


class OtherModel(OutdatedResults):
    """Results of another model than the one that is stored now; they are read all the same."""


class OtherImages(OutdatedResults):
    """Results on other images than the rest of the data set's; they are left out."""


@dataclass(frozen=True)
class Results:
    """What was measured on a data set.

    Attributes:
        frame: Rows of all codecs that could be read and that are of the same images, typed as
            `core.evaluation.table.to_frame` says.
        problems: One error for each codec whose results are missing, damaged, of another model
            than the present one, or on other images than the rest.
        manifests: Manifest by codec, of those that the rows are of.
    """

    frame: pd.DataFrame
    problems: tuple[ArtifactError, ...]
    manifests: dict[str, Manifest]

    @property
    def other_models(self) -> dict[str, OtherModel]:
        """By codec, the results that are of another model than the one that is stored now."""
        return {
            last_part(problem.key): problem
            for problem in self.problems
            if isinstance(problem, OtherModel)
        }


def load_results(store: ArtifactStore, dataset: str) -> Results:
    """Verified results of every codec on a data set; one damaged file does not hide the rest.

    Results on other images are left out, so that no comparison is of two data sets: other ones than
    those of the prepared data set, or than the latest where none is of these. Those of another
    model are kept. Both are among the problems, with the command.
    """
    tables: dict[str, pa.Table] = {}
    problems: list[ArtifactError] = []
    manifests: dict[str, Manifest] = {}
    for key in store.keys(result_key(dataset, "")):
        codec = last_part(key)
        try:
            tables[codec], manifests[codec] = store.load(key, _read_results)
        except ArtifactError as error:
            problems.append(error)
            continue
        if is_of_other_model(store, codec, manifests[codec]):
            reason = "is of another model than the one that is stored now"
            problems.append(OtherModel(key, f"{key}.parquet", reason, store.root))
    for codec in _on_other_images(manifests, digest_of_test_images(store, dataset)):
        key = result_key(dataset, codec)
        reason = "is of other images than the other results of this data set, and is left out"
        problems.append(OtherImages(key, f"{key}.parquet", reason, store.root))
        del tables[codec], manifests[codec]
    return Results(to_frame(concatenate([*tables.values()])), tuple(problems), manifests)


def results_of_other_images(store: ArtifactStore, dataset: str) -> list[str]:
    """Codecs whose results are of other images than those of a prepared data set.

    Args:
        store: Where both are; the pixels may be absent.
        dataset: Name of the data set; nothing is found for one that is not prepared.
    """
    prepared = digest_of_test_images(store, dataset)
    measured = digests_of_images(store, dataset) if prepared else {}
    return [codec for codec, digest in measured.items() if digest != prepared]


def digests_of_images(store: ArtifactStore, dataset: str) -> dict[str, str]:
    """sha256 by codec of the images that its results on a data set are of, where it is known."""
    manifests = {}
    for key in store.keys(result_key(dataset, "")):
        with suppress(ArtifactError):
            manifests[last_part(key)] = store.manifest(key)
    return _digests(manifests)


def _on_other_images(manifests: Mapping[str, Manifest], prepared: str | None) -> list[str]:
    """Codecs not measured on the prepared images, or on the latest where none was on these."""
    known = _digests(manifests)
    if prepared not in known.values():
        latest = max(known, key=lambda codec: manifests[codec].created, default=None)
        prepared = None if latest is None else known[latest]
    return [codec for codec, digest in known.items() if digest != prepared]


def _digests(manifests: Mapping[str, Manifest]) -> dict[str, str]:
    found = {codec: measured_images(manifest) for codec, manifest in manifests.items()}
    return {codec: images.sha256 for codec, images in found.items() if images}


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


def result_datasets(store: ArtifactStore) -> list[str]:
    """Names of the data sets that have results, in alphabetical order."""
    return sorted({key.split("/")[1] for key in store.keys("results/")})


def stored_rows(store: ArtifactStore, dataset: str) -> int:
    """Number of rows of all results on a data set, by their manifests; damaged ones have none."""
    rows = 0
    for key in store.keys(result_key(dataset, "")):
        with suppress(ArtifactError):
            rows += int(store.manifest(key).facts.get("rows", 0))
    return rows


def result_key(dataset: str, codec: str) -> str:
    """Key of a codec's results on a data set; its file is called `<codec>.parquet`."""
    return f"results/{dataset}/{codec}"
