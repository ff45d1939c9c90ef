"""The steps that are killed: how each is started, and what may not be lost."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import PIL.Image

from core.search.storage import live_path
from core.search.study_reading import read_study
from core.store import ArtifactError, ArtifactStore

_CLASSES = ("n01440764", "n02102040")
_OLD = b"what was there before"


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
ENDLESS = {"train": 25.0, "search": 25.0}
