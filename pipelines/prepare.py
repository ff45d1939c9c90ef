"""Makes the data set: downloads Imagenette or takes a folder or an archive of images."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import DownloadColumn

from core.dataset.preparation.errors import PreparationError
from core.dataset.preparation.imagenette import ARCHIVE_SHA256, ARCHIVE_URL, download
from core.dataset.preparation.source import RawDataset, open_source
from core.jobs.process_limits import available_cores
from core.store import ArtifactStore, Manifest
from core.store.key import DEFAULT_DATASET as DEFAULT
from core.store.key import last_part
from pipelines.base import UserError, check_name, option, run_step
from pipelines.progress_bar import progress_bar

#: Together with the parent, these stay below 600 MB.
MAX_PROCESSES = 4


@dataclass(frozen=True)
class PrepareConfig:
    """Where the images come from."""

    source: Path | None = option(
        None,
        help="folder or tar archive with train/ and val/ folders of class folders; to measure a "
        "folder of images, prepare nothing: evaluate --images",
    )
    name: str = option(DEFAULT, help="name of the data set", metavar="NAME")
    replace: bool = option(False, help="replace a data set of that name made of other images")
    url: str = option(ARCHIVE_URL, help="address of the archive that is downloaded otherwise")
    allow_hash: str | None = option(
        None, metavar="SHA256", help="accept a downloaded archive with this content as well"
    )
    extra: Path | None = option(
        None,
        metavar="ARCHIVE",
        help="take photographs of any size from this folder or tar archive, for training alone",
    )
    held_out: Path | None = option(
        None,
        metavar="DIR",
        help="with --extra: write the large photographs that are kept out of training to this "
        "folder, to measure codecs on: evaluate --images DIR",
    )
    processes: int | None = option(
        None, help=f"number of decoding processes (default: one per core, at most {MAX_PROCESSES})"
    )

    def __post_init__(self) -> None:
        check_name("--name", self.name)
        if self.source is None and self.name != DEFAULT:
            raise ValueError("--name NAME names the data set of a --source; give both.")
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"--url must start with http:// or https://; received {self.url}.")
        if self.allow_hash is not None and not re.fullmatch(r"[0-9a-f]{64}", self.allow_hash):
            raise ValueError(
                f"--allow-hash must be 64 lower-case hex digits; received {self.allow_hash}."
            )
        if self.source is not None and (self.allow_hash or self.url != ARCHIVE_URL):
            raise ValueError(
                "--source downloads nothing; it does not go with --url or --allow-hash."
            )
        if self.extra is not None and self.source is not None:
            raise ValueError("--extra does not go with --source: it leaves the data set alone.")
        if self.extra is not None and (self.replace or self.allow_hash or self.url != ARCHIVE_URL):
            raise ValueError(
                "--extra does not go with --replace, --url or --allow-hash: it downloads nothing, "
                "and replaces the photographs that were taken before."
            )
        if self.extra is not None and self.processes is not None:
            raise ValueError("--extra decodes in one process; it does not go with --processes.")
        if self.held_out is not None and self.extra is None:
            raise ValueError("--held-out DIR needs --extra ARCHIVE, which the photographs are in.")
        if self.processes is not None and not 1 <= self.processes <= 64:
            raise ValueError(f"--processes must lie in 1..64; received {self.processes}.")

    @property
    def accepted(self) -> frozenset[str]:
        """Hashes that a downloaded archive may have."""
        return frozenset(digest for digest in (ARCHIVE_SHA256, self.allow_hash) if digest)


def prepare(config: PrepareConfig) -> None:
    """Makes the data set that training and evaluation use, and says what it wrote."""
    # The functions below import what needs pandas only when they run: each decoding process
    # imports this module again, and takes half the memory without.
    try:
        if config.extra is not None:
            _prepare_photographs(config.extra, config.held_out)
        elif config.source is None:
            _prepare_from_address(config)
        else:
            _prepare_from(open_source(config.source), config)
    except PreparationError as error:
        raise UserError(str(error)) from error


def _prepare_photographs(path: Path, held_out: Path | None) -> None:
    from core.dataset.preparation.training_photographs import (
        is_prepared,
        prepare_photographs,
        write_held_out,
    )

    store = ArtifactStore.default()
    if is_prepared(store, path):
        print("Nothing to do: these photographs were taken already.")
    else:
        with progress_bar() as progress:
            task = progress.add_task("Decoding", total=None)
            manifest = prepare_photographs(
                store, path, advance=lambda count: progress.advance(task, count)
            )
        facts = manifest.facts
        print(
            f"Wrote {manifest.key}: {facts['count']} photographs, {facts['megapixels']} "
            f"megapixels, for training alone; {len(facts['held_out'])} large ones are kept out of "
            "it."
        )
    if held_out is not None:
        names = write_held_out(store, path, held_out)
        print(f"Wrote to {held_out} what is kept out of training: {', '.join(names)}.")


def _prepare_from_address(config: PrepareConfig) -> None:
    from core.dataset.preparation.build import standing

    store = ArtifactStore.default()
    found = standing(store, config.name)
    if found.is_whole and found.archive == (config.allow_hash or ARCHIVE_SHA256):
        print("Nothing to do: the data set was made of this archive already.")
        return
    if found.is_whole and not config.replace:
        raise UserError(_other_images(store, config))
    with store.staging(f"datasets/{config.name}") as folder:
        archive = folder / "archive"
        with progress_bar(DownloadColumn()) as progress:
            task = progress.add_task("Downloading", total=None)
            download(
                config.url,
                archive,
                accepted=config.accepted,
                report=lambda done, total: progress.update(task, completed=done, total=total),
            )
        _prepare_from(open_source(archive, label=config.url), config)


def _prepare_from(source: RawDataset, config: PrepareConfig) -> None:
    from core.dataset.preparation.build import build, standing
    from core.dataset.preparation.listing import list_images, listing_digest

    store = ArtifactStore.default()
    print(f"Reading the source ({source.label}) ...")
    listed = list_images(source)
    found, wanted = standing(store, config.name), listing_digest(listed)
    if found.is_whole and found.images == wanted:
        print("Nothing to do: the data set was made of these images already.")
        return
    # The published archive makes the shipped data set whole; another source takes its place.
    is_other = found.images not in (None, wanted) and (found.is_whole or config.source is not None)
    if is_other and not config.replace:
        raise UserError(_other_images(store, config))
    with progress_bar() as progress:
        task = progress.add_task("Decoding", total=len(listed))
        manifest = build(
            store,
            source,
            listed,
            processes=config.processes or min(available_cores(), MAX_PROCESSES),
            advance=lambda count: progress.advance(task, count),
            dataset=config.name,
        )
    _report(store, manifest)


def _other_images(store: ArtifactStore, config: PrepareConfig) -> str:
    source = config.source or "DIR"
    return (
        f"{store.shown(f'datasets/{config.name}')} was made of other images. Keep it and give "
        f"these a name of their own with `python -m pipelines.prepare --source {source} --name "
        "NAME`, or replace it with --replace."
    )


def _report(store: ArtifactStore, manifest: Manifest) -> None:
    from core.evaluation.results import results_of_other_images

    facts = manifest.facts
    counts = ", ".join(f"{count} {split}" for split, count in facts["counts"].items())
    print(f"Wrote {manifest.key}: {counts}; sha256 {facts['sha256']}.")
    grey = sum(facts["grey_counts"].values())
    pairs = facts["near_duplicates"]["count"]
    formats = (f"{count} {name}" for name, count in facts["formats"].items())
    print(f"Formats of the source: {', '.join(formats)}.")
    height, width, _ = facts["shape"]
    resized = {f"Resized to {width}x{height}, whatever the shape.": facts["resized"]}
    notes = resized | facts["notes"]
    for note, count in notes.items():
        if count:
            print(f"{count} {'image' if count == 1 else 'images'}: {note}")
    print(
        f"Without colour: {grey}. Near-duplicates between splits, named in the manifest: {pairs}."
    )
    name = last_part(manifest.key)
    if stale := results_of_other_images(store, name):
        codecs = " ".join(stale)
        print(
            "These results are of other images and will be left out until they are measured "
            f"again: python -m pipelines.evaluate {codecs} --dataset {name}"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of the step."""
    return run_step(PrepareConfig, prepare, name="prepare", argv=argv)


if __name__ == "__main__":
    raise SystemExit(main())
