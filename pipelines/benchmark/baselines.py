"""Benchmark of this program against baselines: CompressAI and the thesis' code.

Each piece measures both in turns, in separate processes. Our rows have the method `bottleneck` and
equal those of the baseline in all other identifying columns; `core.timing.ratios` pairs them.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from core.jobs.process_limits import available_cores
from core.timing.images import CELLS, benchmark_cells, benchmark_image
from core.timing.ratios import OURS, TRAINING_IMAGES
from core.timing.table import BASELINE, Timing
from pipelines.base import UserError
from pipelines.benchmark.blocks import SMALL, Rounds, TimingBlock
from pipelines.benchmark.process import MeasuringProcess, Processes

AUTOENCODERS = ("ae80", "ae40", "ae20")

#: Modules that run the baselines.
BASELINE_PROGRAMS = (
    "pipelines.benchmark.baseline_thesis",
    "pipelines.benchmark.baseline_compressai",
)

_SIZES = (SMALL, (768, 512))
_THESIS = (sys.executable, "-m", "pipelines.benchmark.baseline_thesis")
#: Steps of a timed piece of a training, and their images.
_STEPS, _BATCH = 8, 32
_THEIRS = "thesis"


class _Baseline(NamedTuple):
    """A model of CompressAI's zoo."""

    model: str
    quality: int
    channels: int

    @property
    def label(self) -> str:
        return f"CompressAI {self.model.replace('_', '-')}, {self.channels} channels"


class _Task(NamedTuple):
    """An operation that is measured in one or two ways.

    Attributes:
        model: Name of an autoencoder; empty for operations without a network.
        operation: As `pipelines.benchmark.baseline_thesis` has it.
        path: File of images.
        images: How many images the operation goes through.
        cores: Processor cores.
        ways: Ours, and theirs where there is one.
    """

    model: str
    operation: str
    path: Path
    images: int
    cores: int
    ways: tuple[str, ...]


_ZOO = (_Baseline("bmshj2018_hyperprior", 3, 128), _Baseline("mbt2018_mean", 5, 192))


def check_baselines(python: str) -> str:
    """Versions of CompressAI and PyTorch that a Python has.

    Raises:
        UserError: It cannot be run, or has no CompressAI.
    """
    program = (
        "import compressai, torch; print(f'CompressAI {compressai.__version__}, "
        "PyTorch {torch.__version__}')"
    )
    try:
        found = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
    except OSError as error:
        raise UserError(f"{python} cannot be run: {error.strerror}.") from error
    if found.returncode:
        last = (found.stderr.strip().splitlines() or ["no word of why"])[-1]
        raise UserError(f"{python} has no CompressAI that works: {last}")
    return found.stdout.strip()


def baseline_blocks(rounds: Rounds, python: str | None) -> list[TimingBlock]:
    """Codecs in each round; training and evaluation of each autoencoder in one piece.

    Args:
        rounds: How often each thing is measured.
        python: Interpreter that has CompressAI; without one it is left out.
    """
    count = rounds.baselines
    blocks = [
        TimingBlock(f"thesis-{name}", 90.0, partial(_thesis, name, count)) for name in AUTOENCODERS
    ]
    blocks.append(TimingBlock("images", 30.0, partial(_without_network, count)))
    if python is not None:
        command = (python, "-m", "pipelines.benchmark.baseline_compressai")
        blocks += [
            TimingBlock(f"compressai-{repeat:02d}", 8.0, partial(_compressai, command, repeat))
            for repeat in range(count)
        ]
    return blocks


def _compressai(command: tuple[str, ...], repeat: int, processes: Processes) -> list[Timing]:
    return [
        timing
        for cores in range(1, min(2, available_cores()) + 1)
        for size in _SIZES
        for timing in _coding(command, size, cores, repeat, processes)
    ]


def _coding(
    command: tuple[str, ...],
    size: tuple[int, int],
    cores: int,
    repeat: int,
    processes: Processes,
) -> Iterator[Timing]:
    """Ours and each baseline on one image."""
    width, height = size
    data = benchmark_image(width, height).tobytes()
    shape = {"width": width, "height": height}
    request = {"method": "bottleneck", "operation": "code", "start": "warm", **shape}
    answers = [(OURS, "BNK", processes.warm("codecs", cores=cores).ask(request, data))]
    theirs = processes.warm("compressai", cores=cores, command=command)
    for baseline in _ZOO:
        request = {"model": baseline.model, "quality": baseline.quality, **shape}
        answers.append((f"compressai_{baseline.model}", baseline.label, theirs.ask(request, data)))
    for method, label, answer in answers:
        for operation in ("encode", "decode"):
            yield _timing(
                method,
                label,
                operation,
                repeat,
                threads=cores,
                width=width,
                height=height,
                seconds=answer.facts.get(operation),
                error=answer.facts.get("error"),
            )


def _thesis(name: str, count: int, processes: Processes) -> list[Timing]:
    """One autoencoder as the thesis trained and evaluated it, and as this program does."""
    cores, both = available_cores(), (OURS, _THEIRS)
    with _image_files() as (many, few):
        tasks = [
            _Task(name, "fit", many, _STEPS * _BATCH, cores, both),
            _Task(name, "evaluate", few, CELLS, 1, both),
            _Task(name, "evaluate_file", few, CELLS, 1, both),
        ]
        return [timing for task in tasks for timing in _rounds(task, count, processes)]


def _without_network(count: int, processes: Processes) -> list[Timing]:
    """What is done to images alone, whatever the model."""
    cores, both = available_cores(), (OURS, _THEIRS)
    with _image_files() as (many, few):
        tasks = [
            _Task("", "metrics", few, CELLS, 1, both),
            # The thesis had no feed.
            _Task("", "feed", many, TRAINING_IMAGES, cores, (OURS,)),
        ]
        return [timing for task in tasks for timing in _rounds(task, count, processes)]


def _rounds(task: _Task, count: int, processes: Processes) -> Iterator[Timing]:
    """Rounds of a task in fresh processes, one for each way, that take turns."""
    with ExitStack() as stack:
        fresh = partial(processes.fresh, cores=task.cores, command=_THESIS)
        asked = {way: stack.enter_context(fresh()) for way in task.ways}
        for repeat in range(count):
            for way, process in asked.items():
                yield _asked(process, task, way, repeat)


def _asked(process: MeasuringProcess, task: _Task, way: str, repeat: int) -> Timing:
    """One measurement; its seconds are per image."""
    job = {"operation": task.operation, "way": way, "model": task.model, "path": str(task.path)}
    facts: dict[str, Any] = process.ask({**job, "steps": _STEPS}).facts
    seconds = facts.get("seconds")
    return _timing(
        way,
        "BNK" if way == OURS else "The thesis' way",
        task.operation,
        repeat,
        setting=task.model,
        threads=task.cores,
        seconds=None if seconds is None else seconds / task.images,
        peak_bytes=facts.get("peak_bytes"),
        error=facts.get("error"),
    )


def _timing(method: str, label: str, operation: str, repeat: int, **facts: Any) -> Timing:
    return Timing(
        method=method,
        label=label,
        kind=BASELINE,
        operation=operation,
        start="warm",
        repeat=repeat,
        **facts,
    )


@contextmanager
def _image_files() -> Iterator[tuple[Path, Path]]:
    """Files of as many images as are trained on, and of those that are evaluated."""
    cells = benchmark_cells()
    with TemporaryDirectory() as folder:
        few, many = Path(folder) / "few.npy", Path(folder) / "many.npy"
        np.save(few, cells)
        np.save(many, np.resize(cells, (TRAINING_IMAGES, *cells.shape[1:])))
        yield many, few
