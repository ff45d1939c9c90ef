"""Databases of Optuna studies: opening, copying, and showing their URLs without passwords.

A search writes into a live database: `artifacts/cache/search/<name>.db` unless a storage URL says
otherwise. When it ends or is stopped, a consistent copy of the study becomes the artifact
`studies/<name>`, which is what git keeps. The name is the model's unless a person chose another.
"""

import re
import shlex
import sqlite3
import time
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, OptunaError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from core.store import ArtifactError, ArtifactStore, Manifest
from core.store.atomic import replace_file
from core.store.errors import DEFAULT_ROOT
from core.store.key import command_for, file_name, is_name, last_part
from core.store.layout import ArtifactPaths

#: Seconds that a process waits for another one that has locked an SQLite database.
LOCK_PATIENCE_SECONDS = 60
_CONNECT_SECONDS = 10
_RETRY_SECONDS = 0.5
#: A trial whose worker is killed again and again is given up.
MAX_RETRIES = 3


class StorageError(Exception):
    """A storage that cannot be used, in one line without its password."""


class OutdatedStudy(ArtifactError):
    """A study in the tables of another version of Optuna; it is whole and can be upgraded."""

    advice = "It is whole; upgrade it with"

    @property
    def command(self) -> str:
        """Command that upgrades the study; a committed one is copied first and committed anew."""
        root = DEFAULT_ROOT if self.root is None else self.root
        name = last_part(self.key)
        live = live_path(ArtifactStore(root), name)
        upgrade = f"optuna storage upgrade --storage {shlex.quote(sqlite_url(live))}"
        if self.file.startswith("cache/"):
            return upgrade
        folder, source, target = (
            shlex.quote(str(path)) for path in (live.parent, root / self.file, live)
        )
        return f"mkdir -p {folder} && cp {source} {target} && {upgrade} && {command_for(self.key)}"


def study_key(model: str) -> str:
    """Artifact that holds the study of a model."""
    return f"studies/{model}"


def study_file(model: str) -> str:
    """Name of the database in that artifact."""
    return file_name(study_key(model), "db")


def live_path(store: ArtifactStore, model: str) -> Path:
    """Database that a search on this machine writes into; it may not exist."""
    return ArtifactPaths(store.root, f"cache/search/{model}").final(study_file(model))


def live_models(store: ArtifactStore) -> list[str]:
    """Names of the studies of which a search has left a database on this machine."""
    names = (path.stem for path in live_path(store, "any").parent.glob("*.db"))
    return sorted(
        name for name in names if is_name(name)
    )  # other names are not databases of a search


def sqlite_url(path: Path) -> str:
    """Storage URL of an SQLite file; `%`, `#`, `?`, braces and spaces in its path are escaped."""
    return _sqlite_url(path, {})


def read_only_url(path: Path, *, live: bool) -> str:
    """Storage URL of an SQLite file that is only read.

    Args:
        path: The file.
        live: Whether somebody may be writing into it.
    """
    frozen = {} if live else {"immutable": "1"}
    return _sqlite_url(path, {"mode": "ro"} | frozen)


def _sqlite_url(path: Path, options: dict[str, str]) -> str:
    # SQLite resolves the escapes of the file URI; SQLAlchemy escapes it once more or not at all,
    # depending on its version.
    query = {"uri": "true"} | options
    address = URL.create("sqlite", database=path.absolute().as_uri(), query=query)
    return address.render_as_string()


def is_outdated(error: BaseException) -> bool:
    """Whether Optuna refused a database because another version of Optuna wrote it."""
    return isinstance(error, RuntimeError) and "table schema" in str(error)


def shown_url(url: str) -> str:
    """The URL with its password replaced by asterisks."""
    return re.sub(r"(://[^:/@]*:).*@", r"\1***@", url)


def open_storage(url: str, *, heartbeat_seconds: int | None = None) -> RDBStorage:
    """Storage behind a URL, its tables made if they are not there.

    Args:
        url: As SQLAlchemy writes it: `sqlite:///path` or `postgresql://user:password@host/name`.
        heartbeat_seconds: How often a running trial says that it is alive. Trials that have not
            for four times as long are failed, and tried again with the same parameters, whenever
            a worker begins its next trial.

    Raises:
        StorageError: The URL is not one, its driver is not installed, or nobody answers.
    """
    options: dict[str, Any] = {}
    if heartbeat_seconds is not None:
        options = {
            "heartbeat_interval": heartbeat_seconds,
            "grace_period": 4 * heartbeat_seconds,
            "heartbeat_stale_trial_callback": retry_callback(),
        }
    try:
        return _connected(url, options)
    except ArgumentError as error:
        raise StorageError(
            f"A storage URL looks like postgresql://user:password@host/name; "
            f"received {shown_url(url)!r}."
        ) from error
    except ImportError as error:
        name = getattr(error.__cause__, "name", None) or error.name or "a driver"
        raise StorageError(
            f"The storage {shown_url(url)} needs the Python package {name}, which is not installed."
        ) from error
    except (SQLAlchemyError, OptunaError, RuntimeError, ValueError) as error:
        if is_outdated(error):
            raise StorageError(_outdated(url)) from error
        raise StorageError(
            f"The storage {shown_url(url)} does not answer: {_reason(error, url)}"
        ) from error


def _outdated(url: str) -> str:
    address = shlex.quote(shown_url(url))
    return (
        f"The storage {shown_url(url)} was made by another version of Optuna than the "
        f"{optuna.__version__} here. Its studies are whole; upgrade it with: "
        f"optuna storage upgrade --storage {address}"
    )


def close_storage(storage: RDBStorage) -> None:
    """Ends the connections of this thread to a storage."""
    storage.remove_session()
    storage.engine.dispose()


def retry_callback() -> RetryHeartbeatStaleTrialCallback:
    """Callback that queues an interrupted trial again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RetryHeartbeatStaleTrialCallback(max_retry=MAX_RETRIES)


def commit_study(
    store: ArtifactStore, model: str, storage: RDBStorage, *, facts: dict[str, Any]
) -> Manifest:
    """Copies the study of a model into the artifact `studies/<model>`.

    Raises:
        OSError: The disk refuses, for example because it is full.
    """
    key, name = study_key(model), study_file(model)
    with store.staging(key) as folder:
        target = folder / name
        if storage.engine.dialect.name == "sqlite":
            _back_up(storage, target)
        else:
            _copy_study(model, storage, target)
        return store.commit(key, {name: target}, facts=facts)


def restore_study(store: ArtifactStore, model: str) -> bool:
    """Makes the live database from the committed study, if only the latter exists.

    Returns:
        Whether it did.

    Raises:
        ArtifactError: The committed study is damaged.
    """
    live = live_path(store, model)
    if live.exists() or not store.exists(study_key(model)):
        return False
    data = store.read(study_key(model), study_file(model))
    live.parent.mkdir(parents=True, exist_ok=True)
    replace_file(live, data)
    return True


def _back_up(storage: RDBStorage, target: Path) -> None:
    """Copies a consistent snapshot of an SQLite database that others may be writing into."""
    connection = storage.engine.raw_connection()
    try:
        origin: Any = connection.driver_connection
        with closing(sqlite3.connect(target)) as copy:
            origin.backup(copy)
    finally:
        connection.close()


def _copy_study(model: str, storage: RDBStorage, target: Path) -> None:
    copy = open_storage(sqlite_url(target))
    optuna.copy_study(from_study_name=model, from_storage=storage, to_storage=copy)
    close_storage(copy)


def _connected(url: str, options: dict[str, Any]) -> RDBStorage:
    engine = {"connect_args": _patience(make_url(url).get_backend_name())}
    deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ExperimentalWarning)
                return RDBStorage(url, engine_kwargs=engine, **options)
        except SQLAlchemyError as error:
            # Two processes that create the tables at the same time would conflict.
            is_conflict = re.search("exists|unique", str(error), re.IGNORECASE)
            if not is_conflict or time.monotonic() > deadline:
                raise
        time.sleep(_RETRY_SECONDS)


def _patience(backend: str) -> dict[str, int]:
    if backend == "sqlite":
        return {"timeout": LOCK_PATIENCE_SECONDS}
    return {"connect_timeout": _CONNECT_SECONDS}


def _reason(error: Exception, url: str) -> str:
    """First line of what the driver says, without any part of the password."""
    failure = error.__cause__ if isinstance(error, OptunaError) and error.__cause__ else error
    origin = getattr(failure, "orig", None) or failure
    lines = str(origin).strip().splitlines() or [type(origin).__name__]
    found = re.search(r"://[^:/@]*:(.*)@", url)
    for part in found[1].split("@") if found else []:
        lines[0] = lines[0].replace(part, "***") if part else lines[0]
    return lines[0]
