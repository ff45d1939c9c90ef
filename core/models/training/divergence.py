"""What becomes of an epoch in which a training diverged."""

import dataclasses
import math

from core.models.training.progress import Progress
from core.models.training.scan_rate import kept_low

#: An epoch whose mean loss exceeds that of the epoch before by this factor has diverged.
MAX_LOSS_RATIO = 2.0

#: How often one epoch is undone and repeated. After that the learning rate is lowered, or the
#: training ends.
MAX_UNDONE = 3

#: Steps between two looks at the loss within an epoch.
CHECKED_STEPS = 20

_TOTAL, _IN_A_ROW = "undone_epochs", "undone_in_a_row"


class Diverged(ValueError):
    """The loss is not finite again and again, or there is nothing to go back to."""


def has_diverged(progress: Progress, loss: float, *, done: float = 1.0) -> bool:
    """Whether an epoch has diverged, or certainly will: no loss is negative.

    Args:
        progress: Before the epoch.
        loss: Mean loss of the epoch's steps so far.
        done: Share of the epoch that these steps are, in 0 to 1.
    """
    # The first epoch of a stage may weight the terms of the loss differently.
    if progress.epoch <= progress.plan_start:
        return is_too_high(loss, None)
    return is_too_high(done * loss, progress.history[-1]["loss"])


def is_too_high(loss: float, before: float | None) -> bool:
    """Whether a loss is not finite, or far above that of the epoch before, if there is one."""
    return not math.isfinite(loss) or (before is not None and loss > MAX_LOSS_RATIO * before)


def was_undone_enough(progress: Progress) -> bool:
    """Whether the epoch that is to be undone was undone so often before that it is not repeated."""
    return _in_a_row(progress) >= MAX_UNDONE


def check_can_undo(progress: Progress, loss: float, *, can_go_back: bool, can_lower: bool) -> None:
    """Checks that an epoch can be undone.

    Args:
        progress: Before the epoch.
        loss: What it ended with.
        can_go_back: Whether there is a checkpoint of a whole epoch.
        can_lower: Whether the learning rate may be lowered.

    Raises:
        Diverged: There is nothing to go back to, or the loss was not finite too often.
    """
    can_end = can_lower or math.isfinite(loss)
    if can_go_back and (can_end or not was_undone_enough(progress)):
        return
    kept = " The best weights so far can be published with --export." if can_go_back else ""
    raise Diverged(
        f"The training diverged in epoch {progress.epoch + 1}: its loss is {loss:.4g}. Start anew "
        f"with a lower learning rate.{kept}"
    )


def undone(progress: Progress, restored: Progress, *, ended_by: str = "") -> Progress:
    """Progress from which an epoch is repeated; what it took, and the request, are as they were.

    Args:
        progress: In the epoch that is undone.
        restored: Of the checkpoint before it.
        ended_by: Why it is not repeated; empty where it is.
    """
    in_a_row = 0.0 if ended_by else _in_a_row(progress) + 1.0
    counts = {_TOTAL: undone_epochs(progress) + 1.0, _IN_A_ROW: in_a_row}
    return dataclasses.replace(
        restored,
        images=progress.images,
        seconds=progress.seconds,
        ended_by=ended_by,
        may_replace=progress.may_replace,
        engine=progress.engine,
        earlier_engines=progress.earlier_engines,
        guards=restored.guards | kept_low(progress.guards, restored.guards) | counts,
    )


def undone_line(progress: Progress, restored: Progress, loss: float) -> str:
    """What is said when an epoch is undone; arguments as in `check_can_undo` and `undone`."""
    again = "" if was_undone_enough(progress) else " and repeats what came after in another order"
    return (
        f"epoch {progress.epoch + 1} diverged with a loss of {loss:.4g}: goes back to the end of "
        f"epoch {restored.epoch}{again}"
    )


def undone_guards(epochs: int) -> dict[str, float]:
    """The guards' counts of a training in which so many epochs were undone."""
    return {_TOTAL: float(epochs)} if epochs else {}


def undone_epochs(progress: Progress) -> int:
    """How often an epoch of the training was undone."""
    return int(progress.guards.get(_TOTAL, 0))


def count_anew(progress: Progress) -> None:
    """The next epoch may be undone as often as the one before."""
    progress.guards.pop(_IN_A_ROW, None)


def _in_a_row(progress: Progress) -> int:
    return int(progress.guards.get(_IN_A_ROW, 0))
