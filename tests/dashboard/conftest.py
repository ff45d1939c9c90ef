"""Stores for the tests of all pages, made by the real steps on the built-in sample images."""

import functools
import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from core.analysis.stored_bd_rates import store_bd_rates
from core.codecs import codecs
from core.codecs.base import OperatingPoint
from core.dataset.splits import open_split, sample_images
from core.evaluation.evaluate import evaluate
from core.evaluation.record import Record
from core.evaluation.results import load_results, result_key
from core.evaluation.table import to_parquet, to_table
from core.images import Image
from core.metrics import metrics
from core.metrics.base import Metric
from core.png import encode_png
from core.store import ArtifactStore
from pipelines import prepare
from pipelines.benchmark.dashboard_server import running_server
from tests.dashboard.page_contents import OpenPage
from tests.waiting import PATIENCE_MS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

APP = Path(__file__).parents[2] / "dashboard" / "navigation.py"
DATASET = "imagenette160"
CLASSES = ("n01440764", "n02979186", "n03028079")
#: Positions of the dial by codec; a codec without a dial has its one point.
POSITIONS: Mapping[str, tuple[float, ...]] = {
    "jpeg": (10, 25, 50, 75, 90),
    "webp": (5, 25, 50, 75, 90),
    "avif_444": (20, 40, 60, 80),
    "tiff_lzw": (),
}
#: Autoencoders of the store: the positions of JPEG that stand in for their float and coded rows.
AUTOENCODERS = {"ae80": (92, (50, 75, 91)), "ae40": (40, (10, 25, 39)), "ae20": (8, (3, 5, 7))}
#: Places of the images that the slow metrics are measured on, which are of two classes.
SUBSET = (0, 2)

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def draw_everything() -> Callable[["Page"], None]:
    """Draws what is below the first screen too, as printing does, and waits for it."""
    is_drawn = (
        "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
        " && !document.querySelector('[data-testid=stSkeleton], .deferred-part[aria-busy]')"
    )

    def draw(page: "Page") -> None:
        # A place is counted by what is there before its placeholder, whose module loads later.
        calm = 0
        while calm < 3:
            page.wait_for_function(is_drawn)
            page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
            calm = 0 if page.locator("[class*=st-key-deferred-]").count() else calm + 1
            page.wait_for_timeout(400)

    return draw


@pytest.fixture(scope="session", autouse=True)
def _components_are_looked_for_once() -> Iterator[None]:
    """Streamlit reads the metadata of all installed packages anew for each `AppTest`."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture(autouse=True)
def _same_main_module() -> Iterator[None]:
    """Puts the main module back, which AppTest replaces by the page.

    A process that is spawned later would otherwise run that page first.
    """
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def full_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a store with a tiny data set and results of four codecs and three autoencoders."""
    folder = tmp_path_factory.mktemp("full")
    store = ArtifactStore(folder / "artifacts")
    _write_source(folder / "source")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTLENECK_ARTIFACTS", str(store.root))
        assert prepare.main(["--source", str(folder / "source"), "--processes", "1"]) == 0
    split = open_split(store, "test")
    images = dict(zip(split.ids, split.images, strict=True))
    for codec, positions in POSITIONS.items():
        _commit(store, codec, _records(codec, positions, images))
    for codec, (lossless_latent, positions) in AUTOENCODERS.items():
        _commit(store, codec, _autoencoder(codec, lossless_latent, positions, images))
    store_bd_rates(store, DATASET, load_results(store, DATASET))
    return store.root


@pytest.fixture
def untrained_store(full_store: Path, tmp_path: Path) -> Path:
    """Folder of the full store without the autoencoders' results."""
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "untrained"))
    for codec in AUTOENCODERS:
        store.delete(result_key(DATASET, codec))
    return store.root


@pytest.fixture
def empty_store(tmp_path: Path) -> Path:
    """Folder of a store without any artifact."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.fixture
def damaged_store(full_store: Path, tmp_path: Path) -> Path:
    """Folder of the full store after a bad disk.

    The results of JPEG have a changed byte, the manifest of WebP's is cut, the index of the data
    set is cut, the test images are gone. The rest is whole.
    """
    root = shutil.copytree(full_store, tmp_path / "damaged")
    results = root / "results" / DATASET
    data = bytearray((results / "jpeg.parquet").read_bytes())
    data[len(data) // 2] ^= 1
    (results / "jpeg.parquet").write_bytes(data)
    _cut(results / "webp.manifest.json")
    _cut(root / "datasets" / DATASET / "index.parquet")
    (root / "datasets" / DATASET / "test.npy").unlink()
    return root


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Opens a page on a store: `open_page("data", store, query={"split": "test"})`.

    No other page runs before it. What the dashboard caches is keyed by the store, so that tests
    on different stores do not meet.
    """

    def opened(view: str, store: Path, *, query: Mapping[str, str] | None = None) -> AppTest:
        monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(store))
        app = AppTest.from_file(str(APP), default_timeout=300)
        # Before its first run AppTest takes a page by its file's name, and all are `page.py`.
        app._page_hash = calc_hash(view)
        for name, value in (query or {}).items():
            app.query_params[name] = value
        return app.run()

    return opened


@pytest.fixture(scope="session")
def shipped_url() -> Iterator[str]:
    """Address of a dashboard on the artifacts that ship."""
    with running_server() as server:
        yield server.address


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium without a window; CI must have it, elsewhere tests are skipped without it."""
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"there is no browser at {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A tab of the size of a small screen, which waits as long as a busy machine may need."""
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tells what the browser showed when a test failed."""
    report = yield
    browser: Browser | None = getattr(item, "funcargs", {}).get("browser")
    if report.when == "call" and report.failed and browser:
        for tab in (tab for context in browser.contexts for tab in context.pages):
            report.sections.append((f"Browser at {tab.url}", _shown(tab)))
    return report


def _shown(tab: "Page") -> str:
    from playwright.sync_api import Error

    try:
        lines = tab.inner_text("body", timeout=5000).splitlines()
        return "\n".join(line for line in lines if line.strip())[:3000]
    except Error as error:
        return str(error)


def _write_source(folder: Path) -> None:
    """Crops of the sample images as the source of a data set: 9 for training, 12 others."""
    crops = _crops(side=200)
    for part, count in (("train", 3), ("val", 4)):
        for class_id in CLASSES:
            target = folder / part / class_id
            target.mkdir(parents=True)
            for number in range(count):
                name = f"{class_id}_{part}{number}.png"
                (target / name).write_bytes(encode_png(next(crops)))


def _crops(*, side: int) -> Iterator[Image]:
    images = [image for image in sample_images().values() if min(image.shape[:2]) >= 2 * side]
    for top in range(0, 2 * side, side):
        for left in range(0, 2 * side, side):
            for image in images:
                yield np.ascontiguousarray(image[top : top + side, left : left + side])


def _records(name: str, positions: tuple[float, ...], images: Mapping[str, Image]) -> list[Record]:
    return [
        evaluate(point, image, image_id=image_id, metrics=_metrics(slow=order in SUBSET)).record
        for point in _operating_points(name, positions)
        for order, (image_id, image) in enumerate(images.items())
    ]


def _operating_points(name: str, positions: tuple[float, ...]) -> Sequence[OperatingPoint]:
    codec = codecs()[name]
    if codec.at is None:
        return codec.sweep(ArtifactStore.default())
    return [codec.at(position) for position in positions]


def _metrics(*, slow: bool) -> dict[str, Metric]:
    return {name: metric for name, metric in metrics().items() if slow or not metric.ON_SUBSET_ONLY}


def _autoencoder(
    codec: str, latent: float, positions: tuple[float, ...], images: Mapping[str, Image]
) -> list[Record]:
    """Rows as an autoencoder has them, with JPEG's figures: a float row has no bytes."""
    floats = _records("jpeg", (latent,), images)
    coded = _records("jpeg", positions, images)
    return [
        replace(row, codec=codec, setting="float", dial=None, bytes=None, bits_per_pixel=None)
        for row in floats
    ] + [replace(row, codec=codec, setting=f"step={row.dial:g}") for row in coded]


def _commit(store: ArtifactStore, codec: str, records: list[Record]) -> None:
    images = store.manifest(f"datasets/{DATASET}").files[f"{DATASET}/test.npy"]
    store.commit(
        result_key(DATASET, codec),
        {f"{codec}.parquet": to_parquet(to_table(records))},
        facts={"dataset": {"name": DATASET, "sha256": images.sha256}, "rows": len(records)},
    )


def _cut(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
