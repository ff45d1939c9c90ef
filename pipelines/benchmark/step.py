"""Measures speed and memory: codecs, evaluation, training and the dashboard's first page."""

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress, TextColumn

import core.models
from core.codecs.autoencoder import architectures
from core.evaluation.deciding_code import deciding_code
from core.store import ArtifactStore, Manifest
from core.timing.table import BUSY_CORES
from pipelines.base import UserError, option, run_step
from pipelines.benchmark.baselines import (
    AUTOENCODERS,
    BASELINE_PROGRAMS,
    baseline_blocks,
    check_baselines,
)
from pipelines.benchmark.blocks import (
    FULL,
    QUICK,
    Rounds,
    benchmarked_points,
    codec_blocks,
    training_blocks,
)
from pipelines.benchmark.dashboard import dashboard_blocks, reason_against
from pipelines.benchmark.plan import Part, busy_cores
from pipelines.benchmark.process import measuring_processes
from pipelines.claims import Claims
from pipelines.progress_bar import progress_bar

PARTS = ("codecs", "training", "baselines", "dashboard")
_WATCH_SECONDS = 2.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Config:
    """What to measure, and how often."""

    only: tuple[str, ...] = option(
        (), help="parts to measure; all without it", choices=PARTS, metavar="PART"
    )
    quick: bool = option(False, help="few rounds and no large images: a rehearsal")
    baselines: str | None = option(
        None, help="Python that has CompressAI, to be timed beside ours", metavar="PYTHON"
    )
    again: bool = option(False, help="measure again what is up to date")

    def __post_init__(self) -> None:
        if self.baselines is not None and self.only and "baselines" not in self.only:
            raise ValueError(
                "--baselines PYTHON times the part baselines, which --only leaves out."
            )

    @property
    def rounds(self) -> Rounds:
        """How often each thing is measured."""
        return QUICK if self.quick else FULL


def benchmark(config: Config) -> None:
    """Measures how fast codecs encode and decode, models train and the dashboard opens.

    Run it on a machine that does nothing else. Every codec takes its turn in each round, so that
    what disturbs the machine disturbs all alike. Can be stopped at any moment; the next run goes
    on where it stopped.
    """
    console = Console(stderr=True, soft_wrap=True)

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False)

    store = ArtifactStore.default()
    with Claims(store) as claims:
        parts = _parts(config, store, say)
        wanted = [part for part in parts if _is_wanted(part, config, say, claims)]
        if wanted:
            _measure(wanted, store, say, console, claims)


def _measure(
    parts: Sequence[Part], store: ArtifactStore, say: Say, console: Console, claims: Claims
) -> None:
    """Measures part by part; the pieces of each are kept one by one on the way."""
    busy = busy_cores(_WATCH_SECONDS)
    if busy > BUSY_CORES:
        say(f"Other programs use {busy:.1f} cores: these times will say more of them than of ours.")
    pending = {part.name: part.pending() for part in parts}
    with measuring_processes(store.root) as processes, _progress(console) as progress:
        task = progress.add_task("", total=sum(b.weight for part in parts for b in part.blocks))
        for part in parts:
            progress.update(task, description=part.name)
            ahead = pending[part.name]
            done = [block for block in part.blocks if block not in ahead]
            progress.advance(task, sum(block.weight for block in done))
            for block in ahead:
                part.keep(block, block.measure(processes), busy_cores_before=busy)
                progress.advance(task, block.weight)
            say(_summary(part.finish()))
            claims.give_back(part.pieces_key)


def _parts(config: Config, store: ArtifactStore, say: Say) -> list[Part]:
    makers = {
        "codecs": _codecs,
        "training": _training,
        "baselines": _baselines,
        "dashboard": _dashboard,
    }
    found = [makers[name](config, store, say) for name in PARTS if name in (config.only or PARTS)]
    return [part for part in found if part is not None]


def _codecs(config: Config, store: ArtifactStore, say: Say) -> Part | None:
    chosen = benchmarked_points(store)
    for name, reason in chosen.left_out.items():
        say(f"{name}: left out. {reason}")
    names = [point.codec for point in chosen.found]
    return Part(
        store,
        "codecs",
        codec_blocks(chosen.found, config.rounds),
        sources=tuple(f"core.codecs.{name}" for name in names),
        models=tuple(f"models/{name}" for name in names),
        facts={"quick": config.quick, "left_out": chosen.left_out},
    )


def _training(config: Config, store: ArtifactStore, say: Say) -> Part | None:
    modules = [entry.name for entry in pkgutil.iter_modules(core.models.__path__)]
    return Part(
        store,
        "training",
        training_blocks(config.rounds),
        sources=(
            *(f"core.models.{name}" for name in modules),
            *(f"core.codecs.{name}:ARCHITECTURE" for name in architectures()),
        ),
        facts={"quick": config.quick},
    )


def _baselines(config: Config, store: ArtifactStore, say: Say) -> Part | None:
    missing = [name for name in AUTOENCODERS if not store.exists(f"models/{name}")]
    if missing:
        say(f"baselines: left out; they are timed beside {', '.join(missing)}, not trained here.")
        return None
    left_out, versions = {}, ""
    if config.baselines is None:
        left_out["CompressAI"] = "No Python that has it was named (--baselines)."
    else:
        versions = check_baselines(config.baselines)
    return Part(
        store,
        "baselines",
        baseline_blocks(config.rounds, config.baselines),
        sources=(
            "core.codecs.bottleneck",
            "core.models.training.feed",
            "core.models.autoencoder.network",
        ),
        models=("models/",),
        facts={
            "quick": config.quick,
            "left_out": left_out,
            "baselines": versions,
            "programs": deciding_code(BASELINE_PROGRAMS).digest,
        },
        compared=("baselines", "programs"),
    )


def _dashboard(config: Config, store: ArtifactStore, say: Say) -> Part | None:
    reason = reason_against()
    if reason is None:
        blocks = dashboard_blocks(config.rounds, store.root)
        return Part(store, "dashboard", blocks, facts={"quick": config.quick})
    if config.only:
        raise UserError(f"The dashboard cannot be timed here: {reason}.")
    say(f"dashboard: left out; {reason}.")
    return None


def _is_wanted(part: Part, config: Config, say: Say, claims: Claims) -> bool:
    if not claims.take(part.pieces_key):
        say(f"{part.name}: is being measured by another process; it is left out.")
        return False
    if config.again or not part.is_done():
        return True
    part.discard()
    claims.give_back(part.pieces_key)
    say(f"{part.name}: up to date.")
    return False


def _summary(manifest: Manifest) -> str:
    errors = manifest.facts["errors"]
    refused = f", {errors} of them without a time (the page Speed says why)" if errors else ""
    return f"{manifest.key}: {manifest.facts['rows']} measurements{refused}."


def _progress(console: Console) -> Progress:
    share = TextColumn("{task.percentage:3.0f} %")
    return progress_bar(share, console=console, window_seconds=300.0)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of `python -m pipelines.benchmark`."""
    return run_step(Config, benchmark, name="benchmark", argv=argv)
