"""The report as data, read from the artifacts."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from core.codecs import codecs
from core.dataset.splits import DEFAULT, dataset_key
from core.evaluation.results import load_results
from core.report.document import Report
from core.report.process import search_section, source_section, speed_section, training_section
from core.report.quality import Quality, quality_sections
from core.search.storage import study_key
from core.search.studies import StudyRecord
from core.search.study_reading import read_study, study_names
from core.store import ArtifactError, ArtifactStore, Manifest, MissingArtifact
from core.timing.table import load_benchmarks
from core.training_records.runs import read_runs

TITLE = "What an autoencoder's bottleneck costs in bytes"
_ABSTRACT = (
    "A thesis compared three autoencoders with JPEG, WebP and TIFF on small photographs by the "
    "quality of the image alone. This report adds what was left open: **at how many bytes?** "
    "Every number is computed from measurements; only the thesis' own figures are quoted."
)


def build_report(store: ArtifactStore, *, dataset: str = DEFAULT) -> Report:
    """Report of all artifacts; missing and damaged ones are listed in it.

    The report depends on the artifacts only, not on the date.

    Args:
        store: Where the artifacts are.
        dataset: Whose results are reported.

    Raises:
        MissingArtifact: There are no results of that data set.
    """
    results = load_results(store, dataset)
    if results.frame.empty:
        raise results.problems[0] if results.problems else _no_results(dataset)
    labels = {name: codec.label for name, codec in codecs().items()}
    runs, benchmarks, studies = read_runs(store), load_benchmarks(store), _read_studies(store)
    found = [
        *_manifests(store, [dataset_key(dataset)]),
        *results.manifests.values(),
        *(run.manifest for run in runs.runs.values()),
        *_manifests(store, [study_key(study.name) for study in studies.found]),
        *benchmarks.manifests.values(),
    ]
    latest = max(manifest.created for manifest in found)
    problems = [*results.problems, *runs.problems, *studies.problems, *benchmarks.problems]
    sections = [
        *quality_sections(Quality(results, labels, is_of_thesis=dataset == DEFAULT)),
        training_section(list(runs.runs.values()), now=datetime.fromisoformat(latest)),
        search_section(studies.found),
        speed_section(benchmarks),
        source_section(found, problems),
    ]
    images = results.frame["image"].nunique()
    return Report(
        TITLE,
        (_ABSTRACT, _made_from(dataset, images, latest)),
        tuple(section for section in sections if not section.is_empty),
    )


class _Studies(NamedTuple):
    found: list[StudyRecord]
    problems: list[ArtifactError]


def _read_studies(store: ArtifactStore) -> _Studies:
    studies = _Studies([], [])
    for name in study_names(store):
        try:
            studies.found.append(read_study(store, name))
        except ArtifactError as error:
            studies.problems.append(error)
    return studies


def _manifests(store: ArtifactStore, keys: Iterable[str]) -> Iterator[Manifest]:
    """Manifests of those artifacts that have one that can be read."""
    for key in keys:
        with suppress(ArtifactError):
            yield store.manifest(key)


def _no_results(dataset: str) -> MissingArtifact:
    key = f"results/{dataset}/jpeg"
    return MissingArtifact(key, f"results/{dataset}", "holds no results yet")


def _made_from(dataset: str, images: int, latest: str) -> str:
    day = datetime.fromisoformat(latest).astimezone(UTC).date().isoformat()
    return f"Data set `{dataset}`, {images:,} images; the latest artifact is of {day}."
