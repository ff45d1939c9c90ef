"""A crash, a loop or a hunger for memory in a decoder costs one image and nothing else."""

import importlib
import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import psutil
import pytest
from PIL import Image

from core.intake.decode import decode_image
from core.intake.errors import ImageError, IntakeBusy, Limits
from core.intake.isolation import WorkerPool, decode_image_isolated
from core.png import encode_png

#: Decoders that do what a broken C library does; the worker imports them by name.
HOSTILE = """
import ctypes, os, pathlib, sys, time
import numpy as np
from core.intake.decode import DecodedImage, decode_image

def mark(name):
    pathlib.Path(__file__).with_name(name).touch()

def abort(data, *, limits):
    mark("abort")
    os.abort()

def read_null(data, *, limits):
    mark("read_null")
    ctypes.string_at(0)

def leave(data, *, limits):
    mark("leave")
    os._exit(0)

def raise_foreign(data, *, limits):
    mark("raise_foreign")
    raise RuntimeError("not an ImageError")

def sleep(data, *, limits):
    mark("sleep")
    time.sleep(600)

def compute(data, *, limits):
    mark("compute")
    while True:
        pass

def eat_memory(data, *, limits):
    mark("eat_memory")
    blocks = []
    while True:
        blocks.append(bytearray(b"x" * 10_000_000))

def fill_memory(data, *, limits):
    blocks = []
    try:
        while True:
            blocks.append(bytearray(1_000_000))
    except MemoryError:
        count = len(blocks)
        blocks.clear()
    return DecodedImage(np.zeros((1, 1, 3), np.uint8), "PNG", (str(count * 1_000_000),))

def answer_four_channels(data, *, limits):
    mark("answer_four_channels")
    return DecodedImage(np.zeros((5, 5, 4), np.uint8), "PNG")

def answer_too_many_pixels(data, *, limits):
    mark("answer_too_many_pixels")
    return DecodedImage(np.zeros((4001, 4000, 3), np.uint8), "PNG")

def print_and_decode(data, *, limits):
    os.write(1, b"libpng warning: printed to standard output")
    print("more of it", flush=True)
    return decode_image(data, limits=limits)

def tell_modules(data, *, limits):
    return DecodedImage(np.zeros((1, 1, 3), np.uint8), "PNG", tuple(sorted(sys.modules)))

def tell_process(data, *, limits):
    return DecodedImage(np.zeros((1, 1, 3), np.uint8), "PNG", (str(os.getpid()),))
"""

PIXELS = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)
PNG = encode_png(PIXELS)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("decoders")
    (folder / "hostile_decoders.py").write_text(HOSTILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield importlib.import_module("hostile_decoders")


@pytest.fixture
def pool(hostile: ModuleType) -> Iterator[WorkerPool]:
    workers = WorkerPool(2)
    yield workers
    workers.close()


def process_of(pool: WorkerPool, hostile: ModuleType) -> int:
    image = decode_image_isolated(PNG, decode=hostile.tell_process, pool=pool)
    return int(image.notes[0])


def test_an_isolated_image_is_the_same_image() -> None:
    rgba = io.BytesIO()
    Image.new("RGBA", (31, 17), (10, 20, 30, 40)).save(rgba, "PNG")
    for data in (PNG, rgba.getvalue()):
        isolated, direct = decode_image_isolated(data), decode_image(data)
        np.testing.assert_array_equal(isolated.pixels, direct.pixels)
        assert (isolated.format, isolated.notes) == (direct.format, direct.notes)
        assert isolated.pixels.flags.writeable


@pytest.mark.parametrize("data", [b"", b"hello", PNG[:-50], PNG[:50], b"\xff\x0a", None])
def test_an_isolated_refusal_is_the_same_sentence(data: bytes) -> None:
    with pytest.raises(ImageError) as direct:
        decode_image(data)
    with pytest.raises(ImageError) as isolated:
        decode_image_isolated(data)
    assert str(isolated.value) == str(direct.value)


def test_limits_reach_the_worker() -> None:
    with pytest.raises(ImageError, match="received 53 x 37 pixels"):
        decode_image_isolated(PNG, limits=Limits(max_pixels=1960))
    with pytest.raises(ImageError, match="MB are accepted"):
        decode_image_isolated(PNG, limits=Limits(max_bytes=100))


@pytest.mark.parametrize(
    "name",
    ["abort", "read_null", "leave", "raise_foreign"]
    + [f"answer_{lie}" for lie in ("four_channels", "too_many_pixels")],
)
def test_a_worker_that_dies_or_lies_costs_one_image(
    name: str, hostile: ModuleType, pool: WorkerPool
) -> None:
    before = process_of(pool, hostile)
    with pytest.raises(ImageError, match=r"^The file is refused: reading it broke the decoder\.$"):
        decode_image_isolated(PNG, decode=getattr(hostile, name), pool=pool)
    assert ran(name, hostile)
    assert process_of(pool, hostile) != before
    np.testing.assert_array_equal(decode_image_isolated(PNG, pool=pool).pixels, PIXELS)


def ran(name: str, hostile: ModuleType) -> bool:
    return Path(str(hostile.__file__)).with_name(name).exists()


@pytest.mark.parametrize("name", ["sleep", "compute"])
def test_a_decoder_that_never_ends_is_ended(
    name: str, hostile: ModuleType, pool: WorkerPool
) -> None:
    process = process_of(pool, hostile)
    started = time.monotonic()
    with pytest.raises(ImageError, match="reading it took longer than 1 seconds"):
        decode_image_isolated(PNG, decode=getattr(hostile, name), timeout_seconds=1, pool=pool)
    assert ran(name, hostile)
    assert time.monotonic() - started < 5
    assert not is_running(process)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_the_kernel_ends_a_computing_worker_whatever_its_server_does(hostile: ModuleType) -> None:
    request = {
        "limits": {},
        "cpu_seconds": 1,
        "memory_bytes": 10**9,
        "decode": "hostile_decoders:compute",
    }
    connection, inner = multiprocessing.Pipe()
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "core.intake.worker", str(inner.fileno())],
        stdin=subprocess.PIPE,
        pass_fds=(inner.fileno(),),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    inner.close()
    with worker, connection:
        assert json.loads(connection.recv_bytes()) == {"ready": True}
        connection.send_bytes(json.dumps(request).encode())
        connection.send_bytes(b"")
        assert worker.wait(timeout=60) == -signal.SIGXCPU
        with pytest.raises(EOFError):
            connection.recv_bytes()


def test_a_decoder_that_eats_memory_is_refused_and_its_worker_goes_on(
    hostile: ModuleType, pool: WorkerPool
) -> None:
    before = process_of(pool, hostile)
    with pytest.raises(ImageError, match="needs more memory than it may take"):
        decode_image_isolated(PNG, decode=hostile.eat_memory, memory_bytes=100_000_000, pool=pool)
    assert ran("eat_memory", hostile)
    assert process_of(pool, hostile) == before


def test_a_large_image_needs_and_gets_its_memory(pool: WorkerPool) -> None:
    data = encode_png(np.zeros((3000, 4000, 3), np.uint8))
    with pytest.raises(ImageError, match="needs more memory than it may take"):
        decode_image_isolated(data, memory_bytes=20_000_000, pool=pool)
    assert decode_image_isolated(data, pool=pool).pixels.shape == (3000, 4000, 3)


def test_what_a_library_prints_does_not_disturb_the_answer(
    hostile: ModuleType, pool: WorkerPool
) -> None:
    for _ in range(2):
        image = decode_image_isolated(PNG, decode=hostile.print_and_decode, pool=pool)
        np.testing.assert_array_equal(image.pixels, PIXELS)


def test_a_worker_imports_neither_the_dashboard_nor_a_network(
    hostile: ModuleType, pool: WorkerPool
) -> None:
    modules = decode_image_isolated(PNG, decode=hostile.tell_modules, pool=pool).notes
    heavy = {"streamlit", "tensorflow", "keras", "pandas", "scipy", "skimage", "onnxruntime"}
    assert heavy.isdisjoint(modules)
    assert "core.intake.decode" in modules


def test_many_threads_share_few_workers(hostile: ModuleType, pool: WorkerPool) -> None:
    processes: set[int] = set()
    failures: list[BaseException] = []

    def visit() -> None:
        try:
            processes.add(process_of(pool, hostile))
            np.testing.assert_array_equal(decode_image_isolated(PNG, pool=pool).pixels, PIXELS)
        except BaseException as error:
            failures.append(error)

    visitors = [threading.Thread(target=visit) for _ in range(20)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert failures == []
    assert len(processes) <= 2


def test_who_waits_too_long_for_a_turn_is_told_so(hostile: ModuleType) -> None:
    pool = WorkerPool(1, wait_seconds=0.2)
    busy = threading.Thread(target=lambda: refuse_after(2, hostile, pool))
    busy.start()
    while not ran("sleep", hostile) or pool.idle_count:
        time.sleep(0.01)
    with pytest.raises(IntakeBusy, match="Too many images are being read"):
        decode_image_isolated(PNG, pool=pool)
    busy.join()
    assert decode_image_isolated(PNG, pool=pool).format == "PNG"
    pool.close()


def refuse_after(seconds: float, hostile: ModuleType, pool: WorkerPool) -> None:
    with pytest.raises(ImageError, match="took longer"):
        decode_image_isolated(PNG, decode=hostile.sleep, timeout_seconds=seconds, pool=pool)


def test_a_worker_is_replaced_before_leaks_add_up(
    hostile: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.intake.worker_process._IMAGES_PER_WORKER", 3)
    pool = WorkerPool(1)
    processes = [process_of(pool, hostile) for _ in range(6)]
    pool.close()
    assert len(set(processes[:3])) == len(set(processes[3:])) == 1
    assert processes[0] != processes[3]
    assert not any(map(is_running, processes))


def test_workers_end_with_the_server_even_when_it_is_killed(tmp_path: Path) -> None:
    server = (
        "import os, sys\n"
        "from core.png import encode_png\n"
        "from core.intake import isolation\n"
        "import numpy as np\n"
        "isolation.decode_image_isolated(encode_png(np.zeros((2, 2, 3), np.uint8)))\n"
        "worker = isolation._POOL._take(1.0)\n"
        "print(worker._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    finished = subprocess.run(
        [sys.executable, "-c", server], stdout=subprocess.PIPE, env=environment, cwd=tmp_path
    )
    assert finished.returncode == -9
    worker = int(finished.stdout)
    deadline = time.monotonic() + 10
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(worker) or is_zombie(worker)


def test_a_worker_in_the_middle_of_an_image_ends_with_its_server_too(
    hostile: ModuleType, tmp_path: Path
) -> None:
    mark = Path(str(hostile.__file__)).with_name("sleep")
    mark.unlink(missing_ok=True)
    server = (
        "from core.intake import isolation\n"
        "import hostile_decoders\n"
        f"isolation.decode_image_isolated({PNG!r}, decode=hostile_decoders.sleep)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen([sys.executable, "-c", server], env=environment, cwd=tmp_path)
    while not mark.exists():
        time.sleep(0.05)
    [worker] = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs([worker], timeout=10)
    assert alive == []


@pytest.mark.slow
def test_decoding_has_five_seconds_of_processor_time(hostile: ModuleType, pool: WorkerPool) -> None:
    with pytest.raises(ImageError, match="took longer than 5 seconds"):
        decode_image_isolated(PNG, decode=hostile.compute, timeout_seconds=300, pool=pool)


@pytest.mark.parametrize(
    ("side", "spared"), [(100, 250_000_000), (4000, 550_000_000)], ids=["small", "large"]
)
def test_memory_is_granted_by_the_size_in_the_header(
    side: int, spared: int, hostile: ModuleType, pool: WorkerPool
) -> None:
    """300 MB, and 600 MB for 16 megapixels, less what the worker itself takes meanwhile."""
    data = encode_png(np.zeros((side, side, 3), np.uint8))
    granted = int(decode_image_isolated(data, decode=hostile.fill_memory, pool=pool).notes[0])
    assert spared < granted <= spared + 50_000_000


def is_zombie(process: int) -> bool:
    return ") Z " in Path(f"/proc/{process}/stat").read_text()


@pytest.mark.slow
def test_who_waits_for_a_turn_is_told_his_place_and_served_in_order(hostile: ModuleType) -> None:
    pool, served, places = WorkerPool(1), [], []
    busy = threading.Thread(target=lambda: refuse_after(3, hostile, pool))
    busy.start()
    while not ran("sleep", hostile) or pool.idle_count:
        time.sleep(0.01)

    def wait(name: str, seen: list[int | None]) -> None:
        decode_image_isolated(PNG, pool=pool, show=seen.append)
        served.append(name)

    waiting = []
    for name in "abc":
        places.append([])
        waiting.append(threading.Thread(target=wait, args=(name, places[-1])))
        waiting[-1].start()
        while not places[-1]:  # the first look comes within a fraction of a second
            time.sleep(0.01)
    for thread in [busy, *waiting]:
        thread.join()
    pool.close()
    assert [seen[0] for seen in places] == [0, 1, 2]
    assert served == ["a", "b", "c"]


class Left(BaseException):
    """What Streamlit raises in the page of a visitor who left."""


def leave_page(before: int | None) -> None:
    raise Left


def test_decoding_ends_when_the_visitor_leaves(hostile: ModuleType, pool: WorkerPool) -> None:
    process, started = process_of(pool, hostile), time.monotonic()
    with pytest.raises(Left):
        decode_image_isolated(PNG, decode=hostile.sleep, pool=pool, show=leave_page)
    assert time.monotonic() - started < 5
    assert not is_running(process)
    assert decode_image_isolated(PNG, pool=pool).format == "PNG"


@pytest.mark.slow
def test_who_leaves_the_queue_holds_up_nobody(hostile: ModuleType) -> None:
    pool = WorkerPool(1)
    busy = threading.Thread(target=lambda: refuse_after(2, hostile, pool))
    busy.start()
    while not ran("sleep", hostile) or pool.idle_count:
        time.sleep(0.01)
    with pytest.raises(Left):
        decode_image_isolated(PNG, pool=pool, show=leave_page)
    busy.join()
    assert decode_image_isolated(PNG, pool=pool).format == "PNG"
    pool.close()
