"""Section on the steps from the thesis' network to the learned codec."""

import pandas as pd

from core.analysis.ladder import PSNR_DB, TITLE, Ladder, Step, ladder_sentence
from core.report.document import Section
from core.report.tables import Column, Table


def ladder_section(found: Ladder) -> Section:
    """What each step brings, on validation images."""
    if not found.steps:
        return Section("ladder", TITLE)
    frame = pd.DataFrame(found.steps, columns=Step._fields)
    frame.insert(0, "label", [step.label for step in found.steps])
    columns = {
        "label": Column("Step"),
        "bits_per_pixel": Column("Bits per pixel", ".2f"),
        "psnr_db": Column("at PSNR (dB)", ".1f"),
        "percent": Column("BD-rate, step below (%)", "+.1f"),
        "reference_percent": Column("BD-rate, JPEG (%)", "+.1f"),
        "trained_images": Column("Images seen", ",.0f"),
        "trained_minutes": Column("Minutes", ",.0f"),
    }
    caption = (
        f"Whole files of {found.steps[0].images} validation images; rates at {PSNR_DB:g} dB, or "
        "where a step has nearly all that it reaches. Images and minutes are of its training."
    )
    table = Table("ladder", "The steps", caption, frame, columns)
    return Section("ladder", TITLE, (ladder_sentence(found),), (table,))
