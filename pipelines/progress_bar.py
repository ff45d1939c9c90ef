"""The progress bar of every step: task, progress and time left."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


def progress_bar(
    count: ProgressColumn | None = None,
    *,
    console: Console | None = None,
    transient: bool = False,
    window_seconds: float = 120.0,
) -> Progress:
    """Progress bar on standard output or another console.

    Args:
        count: Text of the progress, such as bytes; "3/12" when None.
        console: Where it is shown; standard output when None.
        transient: Whether it disappears at its end.
        window_seconds: Window over which the speed is averaged to estimate the time left.
    """
    return Progress(
        TextColumn("{task.description:>16}"),
        BarColumn(),
        count or MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console,
        transient=transient,
        speed_estimate_period=window_seconds,
    )
