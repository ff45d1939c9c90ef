"""What becomes of an epoch in which a training diverged."""

import math

from core.models.training.progress import Progress

#: An epoch whose mean loss exceeds that of the epoch before by this factor has diverged.
MAX_LOSS_RATIO = 2.0

#: How often one epoch is undone. After that its high loss is left to early stopping.
MAX_UNDONE = 3

#: Steps between two looks at the loss within an epoch.
CHECKED_STEPS = 20

_TOTAL, _IN_A_ROW = "undone_epochs", "undone_in_a_row"


class Diverged(ValueError):
    """The loss is NaN or infinite again and again."""


def has_diverged(progress: Progress, loss: float, *, done: float = 1.0) -> bool:
    """Whether an epoch has diverged, or certainly will: no loss is negative.

    Args:
        progress: Before the epoch.
        loss: Mean loss of the epoch's steps so far.
        done: Share of the epoch that these steps are, in 0 to 1.
    """
    if not math.isfinite(loss):
        return True
    # The first epoch of a stage may weight the terms of the loss differently.
    if progress.epoch <= progress.plan_start or _in_a_row(progress) >= MAX_UNDONE:
        return False
    return done * loss > MAX_LOSS_RATIO * progress.history[-1]["loss"]


def guards_once_undone(progress: Progress, loss: float, *, can_go_back: bool) -> dict[str, float]:
    """The guards' counts once this epoch is undone.

    Args:
        progress: Before the epoch.
        loss: Mean loss of the epoch's steps.
        can_go_back: Whether there is a checkpoint.

    Raises:
        Diverged: There is nothing to go back to, or it happened too often.
    """
    in_a_row = _in_a_row(progress) + 1
    if not can_go_back or in_a_row > MAX_UNDONE:
        raise Diverged(
            f"The training diverged in epoch {progress.epoch + 1}: its loss is {loss:.4g}. Start "
            "anew with a lower learning rate."
        )
    return {_TOTAL: float(undone_epochs(progress) + 1), _IN_A_ROW: float(in_a_row)}


def undone_guards(epochs: int) -> dict[str, float]:
    """The guards' counts of a training in which so many epochs were undone."""
    return {_TOTAL: float(epochs)} if epochs else {}


def undone_epochs(progress: Progress) -> int:
    """How often an epoch of the training was undone."""
    return int(progress.guards.get(_TOTAL, 0))


def note_good_epoch(progress: Progress) -> None:
    """The next epoch may be undone as often as this one."""
    progress.guards.pop(_IN_A_ROW, None)


def _in_a_row(progress: Progress) -> int:
    return int(progress.guards.get(_IN_A_ROW, 0))
