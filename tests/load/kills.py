"""Steps killed at random moments: `python -m tests.load.kills --kills 200`.

Each step works on a small store of its own, is killed with SIGKILL at a random moment, and is then
started again. After every kill: each artifact reads whole, what was finished is still there, output
files are the old or the new ones, and no process of the step is left. At the end each step runs to
its end. The outcome goes to `artifacts/reliability/`; the exit status is 1 where a check failed.
"""

import argparse
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import PIL.Image
import psutil
from rich.progress import track

from core.search.storage import live_path
from core.search.study_reading import read_study
from core.store import ArtifactError, ArtifactStore

ROOT = Path(__file__).parents[2]
KEY = "reliability/kills"
#: Marks every process that a killed step started.
_MARK = "BOTTLENECK_KILLS"
#: How long processes have to notice that their parent is gone.
_GRACE_SECONDS = 15.0
_CLASSES = ("n01440764", "n02102040")
_OLD = b"what was there before"


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


@dataclass
class Scene:
    """A folder with a store, sources of images and output files.

    Attributes:
        folder: The folder.
        progress: How far each step was at the last look.
    """

    folder: Path
    progress: dict[str, int] = field(default_factory=dict)

    @property
    def store(self) -> ArtifactStore:
        """The store that the steps work on."""
        return ArtifactStore(self.folder / "artifacts")

    def source(self, number: int) -> Path:
        """One of two folders of images that `prepare` takes."""
        return self.folder / f"source{number}"


@dataclass(frozen=True)
class Step:
    """One step, how it is started and what may not be lost.

    Attributes:
        arguments: Arguments of the next run; it gets the scene and the number of the run.
        check: Gives what was lost; it gets the scene and what the killed run said.
        share: Part of all kills.
    """

    arguments: Callable[[Scene, int], list[str]]
    check: Callable[[Scene, str], Iterator[str]]
    share: float


def make_scene(folder: Path) -> Scene:
    """A scene with two sources of images and what compress and decompress work on."""
    random = np.random.default_rng(1)
    for number, count in ((0, 12), (1, 9)):
        for part in ("train", "val"):
            for image in range(count):
                path = (
                    folder / f"source{number}" / part / _CLASSES[image % 2] / f"{part}{image}.png"
                )
                path.parent.mkdir(parents=True, exist_ok=True)
                blocks = random.integers(0, 256, (6, 8, 3), np.uint8)
                _save(path, blocks.repeat(10, axis=0).repeat(10, axis=1))
    photograph = random.integers(0, 256, (60, 80, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    _save(folder / "photograph.png", photograph)
    return Scene(folder)


def _save(path: Path, pixels: np.ndarray) -> None:
    PIL.Image.fromarray(pixels).save(path)


def _prepare(scene: Scene, run: int) -> list[str]:
    source = str(scene.source(run % 2))
    return ["prepare", "--source", source, "--name", "mine", "--processes", "2", "--replace"]


def _check_prepare(scene: Scene, said: str) -> Iterator[str]:
    counts = scene.store.manifest("datasets/mine").facts["counts"]
    if counts["train"] not in (12, 9):
        yield f"a data set of {counts}"


def _train(scene: Scene, run: int) -> list[str]:
    begun = scene.store.keys("checkpoints/mine/")
    flags = ["--resume"] if begun else []
    size = ["--filters", "2", "2", "2", "--batch", "2", "--epochs", "100000", "--patience", "99999"]
    return ["train", "ae20", "--name", "mine", *size, *flags]


def _check_train(scene: Scene, said: str) -> Iterator[str]:
    """Every epoch that was announced as finished is in a checkpoint."""
    announced = [int(found) for found in re.findall(r"^epoch (\d+)/\d+  loss", said, re.MULTILINE)]
    kept = [int(key.split("epoch-")[1][:4]) for key in scene.store.keys("checkpoints/mine/")]
    wanted = max([*announced, scene.progress.get("train", 0)])
    if wanted > max(kept, default=0):
        yield f"epoch {wanted} was finished, but the newest checkpoint is {max(kept, default=0)}"
    scene.progress["train"] = wanted


def _search(scene: Scene, run: int) -> list[str]:
    budget = ["--images", "8", "--validation-images", "2", "--epochs", "1"]
    return ["search", "ae20", "--name", "mine", "--trials", "100000", "--heartbeat", "1", *budget]


def _check_search(scene: Scene, said: str) -> Iterator[str]:
    if not live_path(scene.store, "mine").exists():
        return
    try:
        counts = read_study(scene.store, "mine").counts
    except ArtifactError as error:
        if scene.progress.get("search"):
            yield str(error)
        return
    found = counts["complete"] + counts["pruned"]
    if found < scene.progress.get("search", 0):
        yield f"{scene.progress['search']} trials were finished, {found} are left"
    scene.progress["search"] = found


def _evaluate(scene: Scene, run: int) -> list[str]:
    return ["evaluate", "png", "--jobs", "2", "--again"]


def _check_evaluate(scene: Scene, said: str) -> Iterator[str]:
    if "results/imagenette160/png" not in scene.store.keys("results/"):
        yield "the results of the run before are gone"


def _report(scene: Scene, run: int) -> list[str]:
    return ["report", "--output", str(scene.folder / "report.html")]


def _check_report(scene: Scene, said: str) -> Iterator[str]:
    page = scene.folder / "report.html"
    if not page.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        yield "half a report"


def _compress(scene: Scene, run: int) -> list[str]:
    target = scene.folder / "photograph.jxl"
    if run:
        target.write_bytes(_OLD)
    return ["compress", str(scene.folder / "photograph.png"), str(target), "--codec", "jpeg_xl"]


def _check_compress(scene: Scene, said: str) -> Iterator[str]:
    data = (scene.folder / "photograph.jxl").read_bytes()
    whole = scene.folder / "whole.jxl"
    if not whole.exists():
        whole.write_bytes(data)
    if data not in (_OLD, whole.read_bytes()):
        yield f"a file of {len(data)} bytes that is neither the old nor the new one"


def _decompress(scene: Scene, run: int) -> list[str]:
    target = scene.folder / "decoded.png"
    if run:
        target.write_bytes(_OLD)
    return ["decompress", str(scene.folder / "whole.jxl"), str(target)]


def _check_decompress(scene: Scene, said: str) -> Iterator[str]:
    path = scene.folder / "decoded.png"
    if path.read_bytes() != _OLD:
        try:
            PIL.Image.open(path).load()
        except OSError as error:
            yield f"half an image: {error}"


#: In the order in which one needs what the other makes.
STEPS = {
    "prepare": Step(_prepare, _check_prepare, 0.20),
    "evaluate": Step(_evaluate, _check_evaluate, 0.15),
    "report": Step(_report, _check_report, 0.15),
    "compress": Step(_compress, _check_compress, 0.15),
    "decompress": Step(_decompress, _check_decompress, 0.15),
    "train": Step(_train, _check_train, 0.10),
    "search": Step(_search, _check_search, 0.10),
}
#: Steps that are ended by a kill alone, after this many seconds at most.
_ENDLESS = {"train": 40.0, "search": 40.0}


def run(outcome: Outcome, *, kills: int, seed: int, folder: Path) -> None:
    """Kills the steps, in a random order.

    Args:
        outcome: What becomes of the kills; complete so far whenever this is interrupted.
        kills: How many there are over all steps; each step gets two at least.
        seed: Seed of their order and moments.
        folder: Empty folder to work in.
    """
    scene, random = make_scene(folder), np.random.default_rng(seed)
    dataset = Step(lambda *_: ["prepare", "--source", str(scene.source(0))], lambda *_: iter(()), 0)
    _run_whole(scene, "prepare", dataset, outcome)
    for name, step in STEPS.items():
        seconds = _ENDLESS.get(name) or _run_whole(scene, name, step, outcome)
        outcome.seconds[name] = round(seconds, 1)
    chosen = [
        name for name, step in STEPS.items() for _ in range(max(2, round(kills * step.share)))
    ]
    for number, name in enumerate(track(random.permutation(chosen), description="Kills"), 1):
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
    for name in STEPS.keys() - _ENDLESS.keys():
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
    text = json.dumps(summary, indent=2, sort_keys=True) + "\n"
    ArtifactStore.default().commit(KEY, {"kills.json": text.encode()}, facts={})
    print(text, end="")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
