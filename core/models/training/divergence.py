"""What becomes of an epoch in which a training diverged."""

import math

from core.models.training.progress import Progress

#: An epoch whose mean loss exceeds that of the epoch before by this factor has diverged.
MAX_LOSS_RATIO = 2.0

#: How often an epoch is undone, over a whole training. After that a high loss is left to early
#: stopping.
MAX_UNDONE = 3


class Diverged(ValueError):
    """The loss is NaN or infinite again and again."""


def has_diverged(progress: Progress, loss: float) -> bool:
    """Whether an epoch with this mean loss has diverged.

    Args:
        progress: Before the epoch.
        loss: Mean loss of the epoch's steps.
    """
    if not math.isfinite(loss):
        return True
    # The first epoch of a stage may weight the terms of the loss differently.
    if progress.epoch <= progress.plan_start or undone_epochs(progress) >= MAX_UNDONE:
        return False
    return loss > MAX_LOSS_RATIO * progress.history[-1]["loss"]


def count_undone(progress: Progress, loss: float, *, can_go_back: bool) -> int:
    """Number of epochs that are undone once this one is.

    Args:
        progress: Before the epoch.
        loss: Mean loss of the epoch's steps.
        can_go_back: Whether there is a checkpoint.

    Raises:
        Diverged: There is nothing to go back to, or it happened too often.
    """
    count = undone_epochs(progress) + 1
    if not can_go_back or count > MAX_UNDONE:
        raise Diverged(
            f"The training diverged in epoch {progress.epoch + 1}: its loss is {loss:.4g}. Start "
            "anew with a lower learning rate."
        )
    return count


def undone_epochs(progress: Progress) -> int:
    """How often an epoch of the training was undone."""
    return int(progress.guards.get("undone_epochs", 0))
