"""The ladder: what each step from the thesis' network to the learned codec brings.

Every rung adds one thing to the one before. All are measured on the same validation images, as
files: `python -m pipelines.ladder`.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

TITLE = "From the thesis' network to BNK, step by step"

#: PSNR at which the rungs' rates are compared.
PSNR_DB = 30.0

#: Codec that the ladder is compared with.
REFERENCE = "jpeg"


class Rung(NamedTuple):
    """One step of the ladder.

    Attributes:
        codec: Name of the codec, and of its model.
        label: What it is, or what it adds to the rung below.
        command: Command that trains its model.
    """

    codec: str
    label: str
    command: str


def _train(model: str) -> str:
    return f"python -m pipelines.train {model}"


def _preset(name: str) -> str:
    return f"{_train('bottleneck')} --preset {name} --name {name} {_FAST}"


#: With which all rungs but the first were trained.
_FAST = "--precision mixed_bfloat16"
#: Rungs that are configurations of BNK's network, trained for the ladder alone.
CONFIGURATIONS = (
    Rung("ladder_hyperprior", "With a hyperprior", _preset("ladder_hyperprior")),
    Rung("ladder_context", "With a spatial context", _preset("ladder_context")),
    Rung("ladder_transforms", "With BNK's transforms", _preset("ladder_transforms")),
    Rung("ladder_lattice", "With a lattice", _preset("ladder_lattice")),
)
#: Codecs of those: compared as steps, not offered as codecs.
STEP_CODECS = frozenset(rung.codec for rung in CONFIGURATIONS)
#: The budget of the rungs above, where the model's own plan is longer.
_SAME_BUDGET = f"{_train('ae20_rd')} --epochs 10 --learning-rate 0.0008 {_FAST}"
RUNGS = (
    Rung("ae20", "The thesis' network, quantised after training", _train("ae20")),
    Rung("ae20_rd", "Its layers, trained for bits and error", _SAME_BUDGET),
    *CONFIGURATIONS,
    Rung("bottleneck", "BNK as published: larger, trained longer", _train("bottleneck")),
)


class Step(NamedTuple):
    """A rung that is measured, and what it brings; a row of the stored table.

    Attributes:
        codec: The rung's codec.
        bits_per_pixel: Rate at `psnr_db`.
        psnr_db: `PSNR_DB`; nearly the highest PSNR of a rung that does not reach it; the lowest of
            a rung that lies above it.
        percent: BD-rate against the measured rung below; NaN for the lowest.
        low_percent: Lower end of its 95 % interval over images.
        high_percent: Upper end.
        reference_percent: BD-rate against `REFERENCE`.
        reference_low_percent: Lower end of its interval.
        reference_high_percent: Upper end.
        images: Images that were measured.
        note: Why the BD-rate against the rung below is missing, or what weakens it; else empty.
        reference_note: The same of the BD-rate against `REFERENCE`.
        trained_images: Images that the training saw; NaN where its card does not say.
        trained_minutes: Minutes that it took; NaN likewise.
    """

    codec: str
    bits_per_pixel: float
    psnr_db: float
    percent: float
    low_percent: float
    high_percent: float
    reference_percent: float
    reference_low_percent: float
    reference_high_percent: float
    images: int
    note: str = ""
    reference_note: str = ""
    trained_images: float = math.nan
    trained_minutes: float = math.nan

    @property
    def label(self) -> str:
        """What the rung is, or what it adds to the one below."""
        return next(rung.label for rung in RUNGS if rung.codec == self.codec)

    @property
    def reaches(self) -> bool:
        """Whether the rung has the PSNR at which the rungs are compared."""
        return self.psnr_db == PSNR_DB

    @property
    def extreme(self) -> str:
        """Which end of the rung's PSNR its rate is for, where it lacks that of the others."""
        return "least" if self.psnr_db > PSNR_DB else "most"

    @property
    def notes(self) -> str:
        """Both notes, each with what its BD-rate is against; empty without one."""
        notes = {"step below": self.note, "JPEG": self.reference_note}
        return "; ".join(f"{name}: {note}" for name, note in notes.items() if note)


class Ladder(NamedTuple):
    """The rungs that are measured, and those that are not.

    Attributes:
        steps: The measured rungs, from the lowest to the highest.
        reference_bits_per_pixel: Rate of `REFERENCE` at `PSNR_DB`; None where it has none.
    """

    steps: tuple[Step, ...] = ()
    reference_bits_per_pixel: float | None = None

    @property
    def missing(self) -> tuple[Rung, ...]:
        """The rungs that are not measured."""
        found = {step.codec for step in self.steps}
        return tuple(rung for rung in RUNGS if rung.codec not in found)


def ladder_sentence(found: Ladder) -> str:
    """What the steps bring, in one or two sentences of Markdown; empty without steps."""
    parts = list(_parts(found))
    if not parts:
        return ""
    reference = found.reference_bits_per_pixel
    ending = "" if reference is None else f" JPEG needs {reference:.2f}."
    return f"**Bits per pixel at {PSNR_DB:g} dB.** {'. '.join(parts)}.{ending}"


def _parts(found: Ladder) -> Iterator[str]:
    order = [rung.codec for rung in RUNGS]
    below: Step | None = None
    for step in found.steps:
        name = step.label
        if not step.reaches:
            yield (
                f"{name}: {step.bits_per_pixel:.2f} bits per pixel for {step.psnr_db:.1f} dB, "
                f"about the {step.extreme} that it reaches"
            )
            continue
        change = ""
        if below is not None:
            change = f" ({100 * (step.bits_per_pixel / below.bits_per_pixel - 1):+.0f} %"
            is_next = order.index(step.codec) == order.index(below.codec) + 1
            change += ")" if is_next else f" against {below.label})"
        yield f"{name}: {step.bits_per_pixel:.2f}{change}".replace("-", "\u2212")
        below = step
