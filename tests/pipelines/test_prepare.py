"""The step that makes the data set, from the command line to the store."""

import hashlib
import io
import resource
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import PIL.Image
import psutil
import pytest

from core.dataset.splits import KEY, SPLITS, index, open_split, subset_ids
from core.store import ArtifactStore
from pipelines.prepare import main

ROOT = Path(__file__).parents[2]
COUNTS = {"train": 6, "val": 4}
CLASSES = ("n01440764", "n02102040")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArtifactStore:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    return ArtifactStore.default()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source with six images to train with (one of them grey) and four others."""
    generator = np.random.default_rng(5)
    for part, count in COUNTS.items():
        for number in range(count):
            place = tmp_path / "source" / part / CLASSES[number % 2]
            place.mkdir(parents=True, exist_ok=True)
            pixels = generator.integers(0, 256, (40, 60, 3), dtype=np.uint8)
            image = PIL.Image.fromarray(pixels)
            if (part, number) == ("train", 0):
                image = image.convert("L")
            image.save(place / f"{part}_{number}.JPEG")
    return tmp_path / "source"


@pytest.fixture
def archive(folder: Path) -> Path:
    path = folder.parent / "images.tgz"
    with tarfile.open(path, "w:gz") as opened:
        opened.add(folder, "imagenette2-160")
    return path


@pytest.fixture
def address(archive: Path) -> Iterator[str]:
    handler = partial(_Quiet, directory=str(archive.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{archive.name}"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Keeps the test's output clean."""


def _run(*arguments: str | Path) -> int:
    return main([*map(str, arguments), "--processes", "1"])


def _leftovers(store: ArtifactStore) -> list[Path]:
    """Files in the store that no reader should ever see; what writers lock may stay."""
    return [p for p in store.root.rglob("*") if p.is_file() and not p.name.endswith(".lock")]


def _refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The one line with which the step refuses the arguments."""
    assert _run(*arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


def test_a_folder_becomes_a_data_set_that_opens(store, folder: Path) -> None:
    assert _run("--source", folder) == 0
    sizes = {split: len(open_split(store, split).ids) for split in SPLITS}
    assert sizes == {"train": 6, "validation": 2, "test": 2}
    rows = index(store)
    assert rows["split"].tolist() == ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    assert rows.loc[rows["grey"], "id"].tolist() == ["n01440764/train_0"]
    assert set(rows["class_name"]) == {"tench", "English springer"}
    assert set(rows["source_width"]) == {60}
    assert set(rows["source_height"]) == {40}


def test_the_stored_pixels_and_hashes_are_those_of_the_source(store, folder: Path) -> None:
    _run("--source", folder)
    rows = index(store).set_index("id")
    for split in SPLITS:
        opened = open_split(store, split)
        for image, pixels in zip(opened.ids, opened.images, strict=True):
            (path,) = folder.glob(f"*/{image}.JPEG")
            with PIL.Image.open(path) as source:
                expected = source.convert("RGB").resize((160, 160), PIL.Image.Resampling.LANCZOS)
            assert np.array_equal(pixels, expected)
            assert rows.loc[image, "sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_manifest_says_what_was_done_and_nothing_of_this_machine(
    store, folder: Path, archive: Path
) -> None:
    _run("--source", archive)
    facts = store.manifest(KEY).facts
    assert facts["source"] == "archive images.tgz"
    assert facts["archive_sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert facts["is_published_archive"] is False
    assert facts["counts"] == {"train": 6, "validation": 2, "test": 2}
    assert facts["class_counts"]["train"] == {"English springer": 3, "tench": 3}
    assert facts["grey_counts"] == {"train": 1, "validation": 0, "test": 0}
    assert "LANCZOS" in facts["resize"]
    assert str(folder.parent) not in str(facts)


def test_folder_and_archive_give_the_same_data_set(store, folder: Path, archive: Path) -> None:
    _run("--source", folder)
    first = store.manifest(KEY)
    store.delete(KEY)
    _run("--source", archive)
    second = store.manifest(KEY)
    assert first.facts["sha256"] == second.facts["sha256"]
    assert first.files == second.files


def test_near_duplicates_between_the_splits_are_named(store, folder: Path) -> None:
    copied = folder / "val/n01440764/val_0.JPEG"
    (folder / "train/n01440764/copy.JPEG").write_bytes(copied.read_bytes())
    _run("--source", folder)
    found = store.manifest(KEY).facts["near_duplicates"]
    assert found["count"] == 1
    assert found["pairs"] == [
        {"first": "n01440764/copy", "second": "n01440764/val_0", "distance": 0}
    ]


def test_a_second_run_does_nothing_and_says_so(store, folder: Path, capsys) -> None:
    _run("--source", folder)
    manifest = store.manifest(KEY)
    capsys.readouterr()
    assert _run("--source", folder) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert store.manifest(KEY) == manifest


def test_a_clone_without_pixels_gets_them_back(store, folder: Path) -> None:
    _run("--source", folder)
    files = store.manifest(KEY).files
    for split in SPLITS:
        store.path(KEY, f"imagenette160/{split}.npy").unlink()
    assert _run("--source", folder) == 0
    assert store.manifest(KEY).files == files
    assert len(open_split(store, "train").images) == 6


@pytest.mark.parametrize("has_pixels", [True, False])
def test_a_data_set_made_of_other_images_is_replaced_on_request_alone(
    store, folder: Path, capsys, has_pixels: bool
) -> None:
    _run("--source", folder)
    if not has_pixels:  # as in a clone
        store.path(KEY, "imagenette160/train.npy").unlink()
    before = store.manifest(KEY)
    (folder / "train/n01440764/train_0.JPEG").unlink()
    assert _run("--source", folder) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "was made of other images" in line
    assert "--name NAME`, or replace it with --replace" in line
    assert store.manifest(KEY) == before


def test_the_published_archive_gives_a_clone_its_pixels_and_replaces_no_whole_data_set(
    store, folder: Path, archive: Path, address, capsys
) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (folder / "train/n01440764/train_0.JPEG").unlink()
    _run("--source", folder)
    assert _run("--url", address, "--allow-hash", digest) == 2
    assert "was made of other images" in capsys.readouterr().err
    store.path(KEY, "imagenette160/train.npy").unlink()
    assert _run("--url", address, "--allow-hash", digest) == 0
    assert store.manifest(KEY).facts["counts"]["train"] == 6


def test_a_data_set_of_a_persons_own_lies_beside_the_shipped_one(store, folder: Path) -> None:
    _run("--source", folder)
    before = store.manifest(KEY)
    (folder / "train/n01440764/train_0.JPEG").unlink()
    assert _run("--source", folder, "--name", "mine") == 0
    assert store.manifest(KEY) == before
    assert len(open_split(store, "train", dataset="mine").images) == 5
    assert len(index(store, dataset="mine")) == 9
    assert len(subset_ids(store, dataset="mine")) == 2
    assert _run("--source", folder, "--name", "mine") == 0
    assert set(store.manifest("datasets/mine").files) == {
        f"mine/{file}" for file in ("index.parquet", *(f"{split}.npy" for split in SPLITS))
    }


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
def test_killed_with_its_images_half_decoded_it_leaves_no_process_behind(
    store, folder: Path
) -> None:
    command = [sys.executable, "-c", _SLOW_STEP, "--source", str(folder), "--processes", "2"]
    started = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    step = psutil.Process(started.pid)
    while len(step.children()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = step.children()
    assert len(workers) >= 2
    time.sleep(3.0)  # until they decode
    started.kill()
    started.wait()
    while any(map(_runs, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [worker.pid for worker in workers if _runs(worker)]


#: The step on a source that never ends.
_SLOW_STEP = """
import sys, time
from core.dataset.preparation import decoding
from pipelines.prepare import main

bounded = decoding._bounded
def endless(*given, **named):
    yield from bounded(*given, **named)
    time.sleep(600)
decoding._bounded = endless
if __name__ == "__main__":
    main(sys.argv[1:])
"""


def test_a_changed_source_replaces_the_data_set(store, folder: Path) -> None:
    _run("--source", folder)
    (folder / "train/n01440764/train_0.JPEG").unlink()
    assert _run("--source", folder, "--replace") == 0
    assert store.manifest(KEY).facts["counts"]["train"] == 5


def test_a_download_with_an_accepted_hash_is_made_once(store, address, archive, capsys) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert _run("--url", address, "--allow-hash", digest) == 0
    facts = store.manifest(KEY).facts
    assert (facts["source"], facts["archive_sha256"]) == (address, digest)
    archive.unlink()
    assert _run("--url", address, "--allow-hash", digest) == 0
    assert "Nothing to do" in capsys.readouterr().out


def test_a_download_with_another_hash_is_refused_and_leaves_nothing(store, address, capsys) -> None:
    assert "--allow-hash" in _refused(capsys, "--url", address)
    assert _leftovers(store) == []


def test_without_a_network_one_line_says_so(store, capsys) -> None:
    assert "Cannot download" in _refused(capsys, "--url", "http://127.0.0.1:9/x.tgz")
    assert _leftovers(store) == []


def _break_image(folder: Path) -> Path:
    path = folder / "val/n01440764/val_0.JPEG"
    path.write_bytes(path.read_bytes()[:200])
    return folder


def _empty(folder: Path) -> Path:
    (folder / "none").mkdir()
    return folder / "none"


def _escaping(folder: Path) -> Path:
    with tarfile.open(folder / "x.tar", "w") as opened:
        opened.addfile(tarfile.TarInfo("../outside.png"), io.BytesIO())
    return folder / "x.tar"


def _truncated(folder: Path) -> Path:
    path = folder / "cut.tar"
    with tarfile.open(path, "w") as opened:
        opened.add(folder / "train", "train")
    path.write_bytes(path.read_bytes()[:5000])
    return path


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (_break_image, "n01440764/val_0 does not decode"),
        (_empty, "no images in train/"),
        (_escaping, "would leave the folder"),
        (_truncated, "truncated or damaged"),
        (lambda folder: folder / "nowhere", "no folder or archive"),
    ],
)
def test_a_bad_source_gets_one_line_and_the_old_data_set_stays(
    store, folder: Path, capsys, make: Callable[[Path], Path], line: str
) -> None:
    _run("--source", folder)
    before = store.manifest(KEY)
    capsys.readouterr()
    assert line in _refused(capsys, "--source", make(folder), "--replace")
    assert store.manifest(KEY) == before
    assert len(open_split(store, "test").images) == 2
    assert len(_leftovers(store)) == 5


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--url", "ftp://host/x.tgz"], "must start with http:// or https://"),
        (["--allow-hash", "abc"], "64 lower-case hex digits; received abc"),
    ],
)
def test_flags_that_do_not_fit_are_refused(store, capsys, arguments: list[str], line: str) -> None:
    assert line in _refused(capsys, *arguments)


def test_a_disk_that_takes_no_more_gets_one_line_and_nothing_half_written(store, folder) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    finished = subprocess.run(
        [sys.executable, "-m", "pipelines.prepare", "--source", folder, "--processes", "1"],
        cwd=ROOT,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 2
    assert len(finished.stderr.splitlines()) == 1
    assert "File too large" in finished.stderr
    assert _leftovers(store) == []


def test_decoding_processes_never_load_pandas() -> None:
    code = (
        "import sys, pipelines.prepare, core.dataset.preparation.decoding; "
        "print('pandas' in sys.modules)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "False"
