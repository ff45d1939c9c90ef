"""Profiles that several tests of the intake embed, and decoders that misbehave."""

import importlib
import struct
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from core.intake.isolation import WorkerPool
from tests.core.intake.hostile_decoding import HOSTILE


@pytest.fixture(scope="session")
def linear_profile() -> bytes:
    """ICC profile of sRGB primaries and linear light, from the definition of the format."""

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)  # no entries: the identity
    parts = [
        (b"desc", b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(79)),
        (b"cprt", b"text\0\0\0\0free\0\0\0\0"),
        (b"wtpt", xyz(0.9642, 1.0, 0.8249)),
        (b"rXYZ", xyz(0.43607, 0.22249, 0.01392)),
        (b"gXYZ", xyz(0.38515, 0.71687, 0.09708)),
        (b"bXYZ", xyz(0.14307, 0.06061, 0.71410)),
        *((name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    start, directory, body = 132 + 12 * len(parts), struct.pack(">I", len(parts)), b""
    for name, content in parts:
        content += bytes(-len(content) % 4)
        directory += name + struct.pack(">II", start + len(body), len(content))
        body += content
    head = struct.pack(">I4sI", start + len(body), b"lcms", 0x02100000) + b"mntrRGB XYZ "
    head += bytes(12) + b"acsp" + bytes(28) + xyz(0.9642, 1.0, 0.8249)[8:]
    return head.ljust(128, b"\0") + directory + body


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("decoders")
    (folder / "hostile_decoders.py").write_text(HOSTILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        # That of another test file is in a folder where no process looks any more.
        patch.delitem(sys.modules, "hostile_decoders", raising=False)
        yield importlib.import_module("hostile_decoders")


@pytest.fixture
def pool(hostile: ModuleType) -> Iterator[WorkerPool]:
    workers = WorkerPool(2)
    yield workers
    workers.close()
