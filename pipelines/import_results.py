"""Takes curves that others measured, with their source, to be quoted beside what we measure."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.analysis.imported.artifact import commit_import, import_key
from core.analysis.imported.curves import PUBLISHED
from core.analysis.imported.reading import read_bytes, read_results
from core.analysis.imported.table import MAX_SOURCE, Imported, UnusableImport, is_plain
from core.analysis.stored_bd_rates import bd_rates_key
from core.evaluation.results import result_datasets
from core.metrics import metrics
from core.plain_english import counted
from core.store import ArtifactError, ArtifactStore
from core.store.key import command_for
from pipelines.base import UserError, check_name, option, run_step


@dataclass(frozen=True)
class ImportConfig:
    """Which file, and what it is."""

    file: Path = option(
        help="CSV, curve of CompressAI (JSON), batch of codec-compare (JSON) or records (Parquet)",
        positional=True,
        metavar="FILE",
    )
    dataset: str = option(help="data set on whose images it was measured", metavar="NAME")
    source: str | None = option(
        None, help="who measured it, and how; needed where the file does not say", metavar="TEXT"
    )
    name: str | None = option(
        None, help="name under which it is kept; that of the file without it", metavar="NAME"
    )
    replace: bool = option(False, help="replace another file that was imported under the name")

    def __post_init__(self) -> None:
        check_name("--dataset", self.dataset)
        check_name("--name", self.name)
        if self.name == PUBLISHED:
            raise ValueError(f"{PUBLISHED} is what the program itself quotes; choose another name.")
        if self.source is not None and not is_plain(self.source, MAX_SOURCE):
            raise ValueError(
                f"--source takes 1 to {MAX_SOURCE} printable characters without < and >."
            )

    @property
    def kept_name(self) -> str:
        """Name under which the file is kept."""
        if self.name:
            return self.name
        plain = re.sub(r"[^a-z0-9_-]+", "-", self.file.stem.lower()).strip("-_")[:64]
        return plain if plain and plain != PUBLISHED else "imported"


def import_results(config: ImportConfig) -> None:
    """Checks a file of others' results, keeps its points, and says what was taken."""
    store = ArtifactStore.default()
    try:
        data = read_bytes(config.file)
        imported = read_results(data, name=config.file.name, source=config.source)
    except UnusableImport as error:
        raise UserError(f"{config.file}: {error}") from error
    key = import_key(config.dataset, config.kept_name)
    _check_free(store, key, data, replace=config.replace)
    commit_import(
        store,
        imported,
        dataset=config.dataset,
        name=config.kept_name,
        file=config.file.name,
        data=data,
    )
    print(f"Wrote {key}: {_summary(imported)}")
    if imported.unused:
        print(f"Not read: {', '.join(imported.unused)}.")
    if config.dataset not in result_datasets(store):
        command = command_for(bd_rates_key(config.dataset), store.root)
        print(
            f"Nothing was measured on {config.dataset} yet; the page Rate-distortion shows the "
            f"curves after {command}"
        )


def _check_free(store: ArtifactStore, key: str, data: bytes, *, replace: bool) -> None:
    """Refuses to replace what was imported from another file without being asked.

    Raises:
        UserError: Another file was imported under this name.
    """
    if replace or not store.exists(key):
        return
    try:
        before = store.manifest(key).facts["file"]["sha256"]
    except (ArtifactError, KeyError):
        return  # damaged: the import makes it again
    if before != hashlib.sha256(data).hexdigest():
        raise UserError(
            f"{key} holds another file; give this one another --name, or --replace that one."
        )


def _summary(imported: Imported) -> str:
    curves, known = imported.curves, metrics()
    names = ", ".join(curves[:6]) + (", ..." if len(curves) > 6 else "")
    labels = ", ".join(known[name].LABEL for name in imported.metrics)
    points = imported.rows.groupby(["curve", "setting"]).ngroups
    images = imported.rows["image"].nunique()
    basis = f" on {counted(images, 'image')}" if images else ""
    return (
        f"{counted(len(curves), 'curve')} ({names}), {counted(points, 'point')}{basis}, {labels}."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of `python -m pipelines.import_results`."""
    return run_step(ImportConfig, import_results, name="import_results", argv=argv)


if __name__ == "__main__":
    raise SystemExit(main())
