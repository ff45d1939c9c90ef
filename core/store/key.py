"""Names of artifacts and of their files, and the command that makes each kind."""

import re

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_FILE_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

#: Endings that the store keeps for itself.
MANIFEST_SUFFIX = ".manifest.json"
_RESERVED = (MANIFEST_SUFFIX, ".lock")

#: Data set that `pipelines.evaluate` measures when it is told nothing else.
_DEFAULT_DATASET = "imagenette160"

_COMMANDS = {
    "datasets": "python -m pipelines.prepare",
    "results": "python -m pipelines.evaluate {last}",
    "models": "python -m pipelines.train {second}",
    "histories": "python -m pipelines.train {second}",
    "checkpoints": "python -m pipelines.train {second}",
    "studies": "python -m pipelines.search {second}",
    "strips": "python -m pipelines.search {second}",
    "statistics": "python -m pipelines.describe",
    "benchmarks": "python -m pipelines.benchmark",
    "reliability": "python -m tests.load.fuzz",
    "cache": "python -m pipelines.{second}",
}


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
    last = key.rpartition("/")[2]
    is_whole = all(map(_FILE_SEGMENT.fullmatch, name.split("/")))
    if not is_whole or not name.startswith((f"{last}.", f"{last}/")) or name.endswith(_RESERVED):
        raise ValueError(
            f"A file of {key} is called '{last}.<ending>' or '{last}/<name>' in letters, digits, "
            f"'.', '-' and '_', and does not end in {' or '.join(_RESERVED)}; "
            f"received {name!r}."
        )
    return name


def command_for(key: str) -> str:
    """Command that makes the artifact `key`."""
    kind, second, *rest = key.split("/")
    command = _COMMANDS[kind].format(second=second, last=[second, *rest][-1])
    if kind == "results" and second != _DEFAULT_DATASET:
        command += f" --images DIR --dataset {second}"
    return command
