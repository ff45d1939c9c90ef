"""The report as data, read from the artifacts."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from core.analysis.image_sizes import size_line
from core.analysis.labels import labels
from core.analysis.source_quality import compressed_before_line
from core.analysis.stored_ladder import ladder_key, load_ladder
from core.codecs.container_bytes import containers
from core.dataset.splits import DEFAULT, dataset_key
from core.evaluation.results import Results, load_results
from core.plain_english import counted
from core.report.document import Report, Section
from core.report.ladder import absent_ladder_section, ladder_section
from core.report.process import source_section, speed_section
from core.report.quality import Quality, quality_sections
from core.report.searches import search_section
from core.report.training import training_section
from core.search.published import published_trial
from core.search.storage import study_key
from core.search.studies import StudyRecord
from core.search.study_reading import read_study, study_names
from core.store import ArtifactError, ArtifactStore, Manifest, MissingArtifact
from core.store.key import last_part
from core.timing.table import Benchmarks, load_benchmarks
from core.training_records.runs import Runs, read_runs

TITLE = "What an autoencoder's bottleneck costs in bytes"
_ABSTRACT = (
    "A thesis compared three autoencoders with JPEG, WebP and TIFF on small photographs by the "
    "quality of the image alone. This report adds what was left open: **at how many bytes?** "
    "Every number is computed from measurements; only the thesis' own figures are quoted."
)
_OTHER_TITLE = "Image codecs by quality and bytes"
_OTHER_ABSTRACT = (
    "Codecs compared on one data set by the quality of the decoded images and by the bytes of "
    "their files. Every number is computed from measurements of whole files, headers included."
)


def build_report(store: ArtifactStore, *, dataset: str = DEFAULT) -> Report:
    """Report of all artifacts, of them alone; missing and damaged ones are listed in it.

    What a codec spends on its container is measured here, by one tiny image each.

    Args:
        store: Where the artifacts are.
        dataset: Whose results are reported.

    Raises:
        MissingArtifact: There are no results of that data set.
    """
    results = load_results(store, dataset)
    if results.frame.empty:
        raise results.problems[0] if results.problems else _no_results(dataset)
    is_of_thesis = dataset == DEFAULT
    read = _Read(
        results,
        read_runs(store),
        _read_studies(store),
        _read_ladder(store) if is_of_thesis else _Ladder(),
        load_benchmarks(store),
    )
    sources = _sources(store, dataset, read)
    latest = max(manifest.created for manifest in sources)
    quality = Quality(results, labels(store), is_of_thesis, containers(store, results.manifests))
    sections = [
        *quality_sections(quality),
        *_process_sections(store, read, now=datetime.fromisoformat(latest)),
        source_section(sources, [problem for part in read for problem in part.problems]),
    ]
    title = TITLE if is_of_thesis else _OTHER_TITLE
    shown = tuple(section for section in sections if not section.is_empty)
    return Report(title, _opening(store, results, dataset, latest), shown)


def _process_sections(store: ArtifactStore, read: "_Read", *, now: datetime) -> list[Section]:
    """Sections on how the models and the results were made."""
    studies = read.studies.found
    return [
        training_section(list(read.runs.runs.values()), now=now),
        *read.ladder.sections,
        search_section(studies, {study.name: published_trial(store, study) for study in studies}),
        speed_section(read.benchmarks),
    ]


def _sources(store: ArtifactStore, dataset: str, read: "_Read") -> list[Manifest]:
    """Manifests of all artifacts that the report is made from."""
    return [
        *_manifests(store, [dataset_key(dataset)]),
        *read.results.manifests.values(),
        *(run.manifest for run in read.runs.runs.values()),
        *_manifests(store, [study_key(study.name) for study in read.studies.found]),
        *read.ladder.manifests,
        *read.benchmarks.manifests.values(),
    ]


def _opening(store: ArtifactStore, results: Results, dataset: str, latest: str) -> tuple[str, ...]:
    """Paragraphs above the first section."""
    images = results.frame["image"].nunique()
    prepared = next(_manifests(store, [dataset_key(dataset)]), None)
    paragraphs = (
        _ABSTRACT if dataset == DEFAULT else _OTHER_ABSTRACT,
        _made_from(dataset, images, latest),
        size_line(results.frame),
        compressed_before_line(results.manifests.values(), prepared, images=images),
    )
    return tuple(text for text in paragraphs if text)


class _Ladder(NamedTuple):
    sections: tuple[Section, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    problems: tuple[ArtifactError, ...] = ()


class _Studies(NamedTuple):
    found: list[StudyRecord]
    problems: list[ArtifactError]


class _Read(NamedTuple):
    """What was read; each part names the artifacts that could not be."""

    results: Results
    runs: Runs
    studies: _Studies
    ladder: _Ladder
    benchmarks: Benchmarks


def _read_ladder(store: ArtifactStore) -> _Ladder:
    """The stored ladder; one that was never made is no problem of the report."""
    try:
        found = load_ladder(store, DEFAULT)
    except MissingArtifact as error:
        return _Ladder((absent_ladder_section(error),))
    except ArtifactError as error:
        return _Ladder((absent_ladder_section(error),), problems=(error,))
    models = [last_part(key) for key in store.keys("models/")]
    manifests = tuple(_manifests(store, [ladder_key(DEFAULT)]))
    return _Ladder((ladder_section(found, models=models),), manifests)


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
    return f"Data set `{dataset}`, {counted(images, 'image')}; the latest artifact is of {day}."
