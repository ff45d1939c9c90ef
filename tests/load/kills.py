"""Steps killed at random moments: `python -m tests.load.kills --kills 200`.

Each step works on a small store of its own, is killed with SIGKILL at a random moment, and is then
started again. After every kill: each artifact reads whole, what was finished is still there, output
files are the old or the new ones, and no process of the step is left. At the end each step runs to
its end. The outcome goes to `artifacts/reliability/`; the exit status is 1 where a check failed.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from rich.progress import track

from core.store import ArtifactError
from tests.load.killed_steps import ENDLESS, STEPS, Scene, Step, make_scene
from tests.load.outcomes import commit_outcomes

ROOT = Path(__file__).parents[2]
#: Marks every process that a killed step started.
_MARK = "BOTTLENECK_KILLS"
#: How long processes have to notice that their parent is gone.
_GRACE_SECONDS = 60.0


@dataclass
class Outcome:
    """What became of the kills.

    Attributes:
        kills: Number of kills by step.
        finished_before: Runs by step that were done before their kill came.
        faults: What was lost, damaged or left running.
        seconds: Time of one whole run by step.
    """

    kills: Counter[str] = field(default_factory=Counter)
    finished_before: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def run(outcome: Outcome, *, kills: int, seed: int, folder: Path) -> None:
    """Kills the steps, in a random order.

    Args:
        outcome: What becomes of the kills; complete so far whenever this is interrupted.
        kills: How many there are over all steps; each step gets two at least.
        seed: Seed of their order and moments.
        folder: Empty folder to work in.
    """
    scene = make_scene(folder)
    dataset = Step(lambda *_: ["prepare", "--source", str(scene.source(0))], lambda *_: iter(()), 0)
    _run_whole(scene, "prepare", dataset, outcome)
    for name, step in STEPS.items():
        seconds = ENDLESS.get(name) or _run_whole(scene, name, step, outcome)
        outcome.seconds[name] = round(seconds, 1)
    chosen = [
        name for name, step in STEPS.items() for _ in range(max(2, round(kills * step.share)))
    ]
    order = np.random.default_rng(seed).permutation(chosen)
    for number, name in enumerate(track(order, description="Kills"), 1):
        # Each kill has numbers of its own, so that its moment does not depend on those before it.
        random = np.random.default_rng([seed, number])
        # A run that ends before its kill is started again.
        while not _kill_once(
            scene,
            name,
            STEPS[name],
            outcome,
            number=number,
            after=float(random.uniform(0.02, 1.05)) * outcome.seconds[name],
        ):
            pass
    for name in STEPS.keys() - ENDLESS.keys():
        _run_whole(scene, name, STEPS[name], outcome)


def _run_whole(scene: Scene, name: str, step: Step, outcome: Outcome) -> float:
    """Seconds of a run that is not killed."""
    started = time.monotonic()
    process = _start(step.arguments(scene, 0), scene, mark="whole")
    _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{name} ended with {process.returncode}: {said.strip()[-500:]}")
    outcome.faults += [f"{name}, whole run: {fault}" for fault in _faults(scene, step, said)]
    return time.monotonic() - started


def _kill_once(
    scene: Scene, name: str, step: Step, outcome: Outcome, *, number: int, after: float
) -> bool:
    """Whether the run was killed; False where it ended before."""
    mark = secrets.token_hex(8)
    process = _start(step.arguments(scene, number), scene, mark=mark)
    try:
        process.wait(after)
        outcome.finished_before[name] += 1
        was_killed = False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        outcome.kills[name] += 1
        was_killed = True
    process.wait()
    left = _left_running(mark)
    said = (scene.folder / "said.txt").read_text(encoding="utf-8", errors="replace")
    faults = [*_faults(scene, step, said), *(f"left running: {line}" for line in left)]
    outcome.faults += [f"{name}, killed after {after:.2f} s: {fault}" for fault in faults]
    return was_killed


def _start(arguments: list[str], scene: Scene, *, mark: str) -> subprocess.Popen[str]:
    step, *rest = arguments
    environment = {
        **os.environ,
        "BOTTLENECK_ARTIFACTS": str(scene.store.root),
        _MARK: mark,
        "OMP_NUM_THREADS": "1",
    }
    # To a file: a pipe that a worker still holds would keep its reader waiting.
    whole = mark == "whole"
    with (scene.folder / "said.txt").open("w", encoding="utf-8") as said:
        return subprocess.Popen(
            [sys.executable, "-m", f"pipelines.{step}", *rest],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if whole else said,
            text=True,
        )


def _faults(scene: Scene, step: Step, said: str) -> Iterator[str]:
    """What is lost or damaged in the scene."""
    if "Traceback" in said:
        yield f"a traceback: {said.strip().splitlines()[-1]}"
    keys = scene.store.keys()
    for key in keys:
        try:
            artifact = scene.store.open(key)
            for name in artifact.manifest.files:
                artifact.path(name)
        except ArtifactError as error:
            yield str(error)
    yield from step.check(scene, said)


def _left_running(mark: str) -> list[str]:
    """Command lines of the processes with this mark that do not end."""
    deadline = time.monotonic() + _GRACE_SECONDS
    while (left := list(_marked(mark))) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in left:
        process.kill()
    return [" ".join(process.info["cmdline"] or [])[:200] for process in left]


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["cmdline"]):
        try:
            is_ours = process.environ().get(_MARK) == mark
            if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:
            continue


def main() -> int:
    """Exit status."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        run(outcome, kills=given.kills, seed=given.seed, folder=Path(folder))
    summary = {**vars(outcome), "seed": given.seed, "kills_in_all": outcome.kills.total()}
    print(commit_outcomes("kills", summary), end="")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
