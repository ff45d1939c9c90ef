"""Studies read from the database of a running search or from the committed artifact.

The study of a model is read from the live database while a search on this machine writes into it,
else from the artifact `studies/<name>`. Reading changes nothing, and needs no Keras.
"""

import re
import sqlite3
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import optuna
from optuna.storages import RDBStorage

from core.search.storage import (
    OutdatedStudy,
    close_storage,
    is_outdated,
    live_models,
    live_path,
    read_only_url,
    study_file,
    study_key,
)
from core.search.studies import StudyRecord, to_record
from core.store import (
    Artifact,
    ArtifactError,
    ArtifactStore,
    DamagedArtifact,
    MissingArtifact,
    UnreadableArtifact,
)
from core.store.key import is_name, last_part

#: A live database that nobody has written into for so long belongs to no running search.
_SILENCE_SECONDS = 120.0
#: How long a reader waits for a writer that has locked the database.
_READER_PATIENCE_SECONDS = 10


#: What SQLite says of a database that is whole but cannot be read now.
_UNAVAILABLE = re.compile("unable to open|locked|permission|disk I/O", re.IGNORECASE)


def study_names(store: ArtifactStore) -> list[str]:
    """Models with a study that is committed, or live on this machine, in alphabetical order."""
    committed = (key.removeprefix("studies/") for key in store.keys("studies/"))
    return sorted({*filter(is_name, committed), *live_models(store)})


def read_study(store: ArtifactStore, model: str) -> StudyRecord:
    """Study of a model: the live one if it is newer than the committed one, else the latter.

    Raises:
        ArtifactError: There is none, or it is damaged.
    """
    live = live_path(store, model)
    if live.is_file() and _has_news(store, model, live):
        return _read_live(store, model, live)
    return store.load(study_key(model), _read_committed)


def read_committed_study(store: ArtifactStore, model: str) -> StudyRecord:
    """Study of a model as it was committed.

    Raises:
        ArtifactError: There is none, or it is damaged.
    """
    return store.load(study_key(model), _read_committed)


def _read_live(store: ArtifactStore, model: str, live: Path) -> StudyRecord:
    shown = live.relative_to(store.root).as_posix()
    record = read_database(live, model, shown=shown, live=True, root=store.root)
    silence = time.time() - live.stat().st_mtime
    open_trials = record.counts["running"] + record.counts["waiting"]
    return replace(record, is_live=open_trials > 0 and silence < _SILENCE_SECONDS)


def _read_committed(artifact: Artifact) -> StudyRecord:
    name = artifact.file("db")
    model = last_part(artifact.key)
    root = artifact.paths.root
    return read_database(artifact.path(name), model, shown=f"studies/{name}", live=False, root=root)


def study_state(store: ArtifactStore, model: str) -> str:
    """Cache key of what `read_study` returns."""
    live = live_path(store, model)
    parts = [str(store.root), model]
    if live.is_file():
        found = live.stat()
        parts.append(f"{found.st_mtime_ns} {found.st_size}")
    if store.exists(study_key(model)):
        try:
            parts.append(store.manifest(study_key(model)).created)
            found = store.path(study_key(model), study_file(model), verify=False).stat()
            parts.append(f"{found.st_mtime_ns} {found.st_size}")
        except ArtifactError as error:
            parts.append(str(error))
    return " ".join(parts)


def read_database(
    path: Path, model: str, *, shown: str, live: bool, root: Path | None = None
) -> StudyRecord:
    """Study of a model in an SQLite file.

    Args:
        path: The file.
        model: Name of the study.
        shown: The file's name for messages, relative to the artifacts folder.
        live: Whether somebody may be writing into it.
        root: The artifacts folder for messages; the repository's own when None.

    Raises:
        MissingArtifact: The file holds no such study.
        OutdatedStudy: Another version of Optuna made it.
        UnreadableArtifact: The operating system or a writer keeps it from being read.
        DamagedArtifact: It is no database of studies.
    """
    key = study_key(model)
    try:
        storage = _reader(path, live=live)
        try:
            return to_record(optuna.load_study(study_name=model, storage=storage))
        finally:
            close_storage(storage)
    except KeyError as error:
        raise MissingArtifact(key, shown, f"holds no study {model}", root) from error
    except Exception as error:  # a database can hold anything where numbers and JSON should be
        raise _refusal(error, key, shown, root) from error


def _refusal(error: Exception, key: str, shown: str, root: Path | None) -> ArtifactError:
    if is_outdated(error):
        reason = f"was made by another version of Optuna than the {optuna.__version__} here"
        return OutdatedStudy(key, shown, reason, root)
    origin = getattr(error.__cause__ or error, "orig", None) or error
    if isinstance(origin, sqlite3.OperationalError) and _UNAVAILABLE.search(str(origin)):
        return UnreadableArtifact(key, shown, f"cannot be read ({origin})", root)
    return DamagedArtifact(key, shown, "is damaged: it is no database of studies", root)


def _reader(path: Path, *, live: bool) -> RDBStorage:
    return RDBStorage(
        read_only_url(path, live=live),
        engine_kwargs={"connect_args": {"timeout": _READER_PATIENCE_SECONDS}},
        skip_table_creation=True,
    )


def _has_news(store: ArtifactStore, model: str, live: Path) -> bool:
    """Whether the live database was written after the committed study."""
    if not store.exists(study_key(model)):
        return True
    try:
        created = store.manifest(study_key(model)).created
    except ArtifactError:
        return True
    return live.stat().st_mtime > datetime.fromisoformat(created).timestamp()
