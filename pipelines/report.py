"""Writes the results as one HTML file for reviewers, and as figures and tables for a paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from core.plain_english import counted
from core.report.content import build_report
from core.report.files import to_files
from core.report.page import to_html
from core.store import ArtifactStore
from core.store.key import DEFAULT_DATASET
from pipelines.base import UserError, option, run_step
from pipelines.file_exchange import check_writable, replace_file


@dataclass(frozen=True)
class Config:
    """Where the report goes."""

    output: Path = option(help="HTML file to write", metavar="FILE")
    figures: Path | None = option(
        None,
        help="folder for figures (SVG, PDF) and tables (LaTeX, CSV); beside the file without it",
        metavar="DIR",
    )
    dataset: str = option(
        DEFAULT_DATASET, help="data set whose results are reported", metavar="NAME"
    )

    @property
    def folder(self) -> Path:
        """Folder of the figures and tables."""
        return self.figures or self.output.with_name(f"{self.output.stem}-figures")


def report(config: Config) -> None:
    """Writes one self-contained HTML file that opens offline, and a folder of figures and tables.

    The same artifacts give the same files, byte by byte.
    """
    console = Console(stderr=True, soft_wrap=True)
    _check_outputs(config)
    with console.status("Reading the artifacts"):
        found = build_report(ArtifactStore.default(), dataset=config.dataset)
    with console.status("Drawing"):
        page, files = to_html(found).encode("utf-8"), to_files(found)
    config.folder.mkdir(exist_ok=True)
    _check_files(config, [config.folder / name for name in files])
    for name, content in files.items():
        replace_file(config.folder / name, content)
    replace_file(config.output, page)
    console.print(
        f"{config.output}: {len(page) / 1e6:.1f} MB; "
        f"{config.folder}: {counted(len(found.plots()), 'figure')}, "
        f"{counted(len(found.tables()), 'table')}.",
        highlight=False,
        markup=False,
    )


def _check_outputs(config: Config) -> None:
    """Checks before the work begins that the outputs can be written.

    Raises:
        UserError: A folder does not exist or may not be written, or a name is taken.
    """
    if config.folder.exists() and not config.folder.is_dir():
        raise UserError(f"--figures names a folder; {config.folder} is a file.")
    _check_files(config, [config.folder / "figure" if config.folder.is_dir() else config.folder])


def _check_files(config: Config, others: list[Path]) -> None:
    """Refuses files that may not be written, and the artifacts that the report is made from."""
    for path in (config.output, *others):
        check_writable(path, inputs=ArtifactStore.default().root.rglob("*"))


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of `python -m pipelines.report`."""
    return run_step(Config, report, name="report", argv=argv)


if __name__ == "__main__":
    raise SystemExit(main())
