"""Names of artifacts and of their files, and the command that makes each kind."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_FILE_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

#: Endings that the store keeps for itself.
MANIFEST_SUFFIX = ".manifest.json"
_RESERVED = (MANIFEST_SUFFIX, ".lock")

#: Default data set of the steps.
DEFAULT_DATASET = "imagenette160"

_COMMANDS = {
    "datasets": "python -m pipelines.prepare",
    "results": "python -m pipelines.evaluate {last}",
    "imports": "python -m pipelines.import_results FILE --dataset {second} --name {last}",
    "models": "python -m pipelines.train {second}",
    "histories": "python -m pipelines.train {second}",
    "checkpoints": "python -m pipelines.train {second}",
    "studies": "python -m pipelines.search {second}",
    "strips": "python -m pipelines.search {second}",
    "bd_rates": "python -m pipelines.evaluate",
    "ladders": "python -m pipelines.ladder",
    "statistics": "python -m pipelines.describe",
    "benchmarks": "python -m pipelines.benchmark",
    "reliability": "python -m tests.load.{script}",
    "cache": "python -m pipelines.{second}",
}

#: Arguments that train a model which is a preset of another one's network, or trained on from
#: its weights.
_TRAINED_AS = {
    "bottleneck_visual": "bottleneck --finetune --preset visual --name bottleneck_visual",
} | {
    name: f"bottleneck --preset {name} --name {name}"
    for name in ("ladder_hyperprior", "ladder_context", "ladder_transforms", "ladder_lattice")
}

#: Steps whose part of the cache is of a model.
_MODEL_CACHES = frozenset({"train", "search"})

#: Parts of the cache that no step of their name makes.
_CACHES = {"dashboard": "streamlit run dashboard/app.py"}

#: Kinds that a training makes.
_OF_TRAININGS = frozenset({"models", "histories", "checkpoints"})

#: Script under `tests/load` by what it records, where the two differ.
_RELIABILITY = {"bitstreams": "fuzz"}

#: Parts of the statistics that are of the built-in photographs, not of a data set.
_OF_PHOTOGRAPHS = frozenset({"first_comparison", "search_starts"})

#: The part of the cache that says where the images of an evaluated folder are.
_IMAGE_FOLDERS = "evaluate"

#: Kinds that an evaluation makes.
_OF_RESULTS = frozenset({"results", "bd_rates"})

#: Kinds whose second part is the name of a model: an architecture, or what a person called it.
_OF_MODELS = frozenset({"models", "histories", "checkpoints", "studies", "strips"})


def is_key(key: str) -> bool:
    """Whether `key` can name an artifact: a known kind and at least one part after it."""
    kind, *rest = key.split("/")
    return kind in _COMMANDS and bool(rest) and all(map(_SEGMENT.fullmatch, rest))


def check_key(key: str) -> str:
    """Key itself when it can name an artifact.

    Raises:
        ValueError: It cannot.
    """
    if not is_key(key):
        raise ValueError(
            f"An artifact key is one of {', '.join(_COMMANDS)}, then parts of letters, digits, "
            f"'-' and '_', joined by '/'; received {key!r}."
        )
    return key


def check_file_name(key: str, name: str) -> str:
    """Name itself when it can name a file of the artifact `key`.

    Raises:
        ValueError: It cannot.
    """
    last = last_part(key)
    is_whole = all(map(_FILE_SEGMENT.fullmatch, name.split("/")))
    if not is_whole or not name.startswith((f"{last}.", f"{last}/")) or name.endswith(_RESERVED):
        raise ValueError(
            f"A file of {key} is called '{last}.<ending>' or '{last}/<name>' in letters, digits, "
            f"'.', '-' and '_', and does not end in {' or '.join(_RESERVED)}; "
            f"received {name!r}."
        )
    return name


def last_part(key: str) -> str:
    """Last part of a key, which the names of its files begin with."""
    return key.rpartition("/")[2]


def file_name(key: str, ending: str) -> str:
    """Name of the file `<last part of the key>.<ending>`.

    >>> file_name("results/imagenette160/jpeg", "parquet")
    'jpeg.parquet'
    """
    return f"{last_part(key)}.{ending}"


def is_name(name: str) -> bool:
    """Whether a model, a study or a data set can have this name: one part of a key."""
    return _SEGMENT.fullmatch(name) is not None


def command_for(key: str, root: Path | None = None) -> str:
    """Command that makes the artifact `key`.

    Args:
        key: The artifact.
        root: Artifacts folder, where it says whether results are of a prepared data set or of a
            folder of images; of a folder when None.
    """
    kind, second, *rest = key.split("/")
    script = _RELIABILITY.get(second, second)
    command = _COMMANDS[kind].format(second=second, last=[second, *rest][-1], script=script)
    if kind in _OF_RESULTS:
        command += _images_of(second, root)
    if kind == "cache" and second == _IMAGE_FOLDERS and rest:
        command += f" --images DIR --dataset {rest[0]}"
    if key == "cache/prepare/photographs":
        command += " --extra ARCHIVE"
    if kind == "statistics" and second in _OF_PHOTOGRAPHS:
        return f"{command} --photographs"
    if kind == "statistics" and second != DEFAULT_DATASET:
        command += f" --dataset {second}"
    if kind == "datasets" and second != DEFAULT_DATASET:
        command += f" --source DIR --name {second}"
    if kind == "cache" and second in _CACHES:
        return _CACHES[second]
    if kind == "cache" and second in _MODEL_CACHES and rest:
        return command_for(f"{'models' if second == 'train' else 'studies'}/{rest[0]}", root)
    if kind in _OF_TRAININGS and (own := command_of_its_own(second)):
        return own
    if kind in _OF_MODELS and second not in _architectures():
        command = command.replace(f" {second}", f" MODEL --name {second}")
    return command


def command_of_its_own(model: str) -> str | None:
    """Command that trains a shipped model which is more than its architecture's name says.

    >>> command_of_its_own("ladder_context")
    'python -m pipelines.train bottleneck --preset ladder_context --name ladder_context'
    """
    found = _TRAINED_AS.get(model)
    return found and f"python -m pipelines.train {found}"


def evaluation_command(
    dataset: str, root: Path, *, codecs: Sequence[str] = (), metrics: Sequence[str] = ()
) -> str:
    """Command that measures codecs on a data set, or adds metrics to their stored results.

    Args:
        dataset: The data set, prepared or of a folder of images.
        root: Artifacts folder, which says which of the two it is.
        codecs: Codecs to measure; all when empty.
        metrics: Metrics to add; everything is measured when empty.
    """
    words = [_COMMANDS["bd_rates"], *codecs]
    added = f" --metric {' '.join(metrics)}" if metrics else ""
    return f"{' '.join(words)}{_images_of(dataset, root)}{added}"


def _images_of(dataset: str, root: Path | None) -> str:
    """What names the images of an evaluation: nothing for those of the default data set."""
    if dataset == DEFAULT_DATASET:
        return ""
    images = "" if _is_prepared(dataset, root) else " --images DIR"
    return f"{images} --dataset {dataset}"


def _is_prepared(dataset: str, root: Path | None) -> bool:
    return root is not None and (root / f"datasets/{dataset}{MANIFEST_SUFFIX}").is_file()


@cache
def _architectures() -> frozenset[str]:
    """Names of the modules that can be a model, found without importing any of them.

    An autoencoder has a module among the codecs alone.
    """
    core = Path(__file__).resolve().parents[1]
    folders = (core / "models", core / "codecs")
    return frozenset(path.stem for folder in folders for path in folder.iterdir())
