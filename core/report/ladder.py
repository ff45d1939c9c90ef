"""Section on the steps from the thesis' network to the learned codec."""

from collections.abc import Collection, Iterator

import pandas as pd

from core.analysis.ladder import PSNR_DB, TITLE, Ladder, Step, ladder_sentence
from core.analysis.stored_ladder import ladder_key
from core.dataset.splits import DEFAULT
from core.plain_english import counted
from core.report.document import Section
from core.report.tables import Column, Table
from core.store import ArtifactError, MissingArtifact
from core.store.key import command_for


def ladder_section(found: Ladder, *, models: Collection[str] = ()) -> Section:
    """What each step brings, on validation images, and which steps are not measured.

    Args:
        found: The measured steps.
        models: Names of the models that are trained, measured or not.
    """
    parts = (_table(found),) if found.steps else ()
    return Section("ladder", TITLE, tuple(_paragraphs(found, models)), parts)


def absent_ladder_section(problem: ArtifactError) -> Section:
    """Why the steps are not shown, and the command that helps."""
    is_missing = isinstance(problem, MissingArtifact)
    reason = "Not measured yet" if is_missing else f"Not shown: {problem.file} {problem.reason}"
    return Section("ladder", TITLE, (f"{reason}. {problem.advice}: `{problem.command}`.",))


def _paragraphs(found: Ladder, models: Collection[str]) -> Iterator[str]:
    if found.steps:
        yield ladder_sentence(found)
    if not found.missing:
        return
    untrained = [rung.command for rung in found.missing if rung.codec not in models]
    names = "; ".join(rung.label for rung in found.missing)
    task = "Train what is missing and measure it" if untrained else "Measure it"
    commands = ", ".join(f"`{one}`" for one in (*untrained, command_for(ladder_key(DEFAULT))))
    yield f"Not measured yet: {names}. {task}: {commands}."


def _table(found: Ladder) -> Table:
    frame = pd.DataFrame(found.steps, columns=Step._fields)
    frame.insert(0, "label", [step.label for step in found.steps])
    frame["notes"] = [step.notes for step in found.steps]
    columns = {
        "label": Column("Step"),
        "bits_per_pixel": Column("Bits per pixel", ".2f"),
        "psnr_db": Column("at PSNR (dB)", ".1f"),
        "percent": Column("BD-rate, step below (%)", "+.1f"),
        "reference_percent": Column("BD-rate, JPEG (%)", "+.1f"),
        "trained_images": Column("Images seen", ",.0f"),
        "trained_minutes": Column("Minutes", ",.0f"),
        "notes": Column("Note"),
    }
    images = counted(found.steps[0].images, "validation image")
    caption = (
        f"Whole files of {images}; rates at {PSNR_DB:g} dB, or where a step has nearly all that it "
        "reaches. Images and minutes are of its whole training, epochs that were undone or cut "
        "short included; notes are on the BD-rates."
    )
    return Table("ladder", "The steps", caption, frame, columns)
