from pathlib import Path

import numpy as np
import pytest

from core.codecs import codecs, get_codec
from core.codecs.container_bytes import container_bytes, containers
from core.store import ArtifactStore
from tests.load.mutators import GOLDEN

NAMES = [name for name, codec in codecs().items() if codec.kind != "learned"]


@pytest.mark.parametrize("name", NAMES)
def test_the_container_is_a_part_of_every_file(name: str) -> None:
    point = list(get_codec(name).sweep(ArtifactStore.default()))[-1]
    image = np.random.default_rng(2).integers(0, 256, (32, 48, 3), np.uint8)
    assert 0 < container_bytes(point) < len(point.encode(image))


def test_a_codec_whose_model_is_missing_has_no_container(tmp_path: Path) -> None:
    found = containers(ArtifactStore(tmp_path), ["jpeg", "png", "bottleneck"])
    assert found == {
        "jpeg": container_bytes(get_codec("jpeg").at(75)),
        "png": container_bytes(next(iter(get_codec("png").sweep(ArtifactStore(tmp_path))))),
    }


def test_the_container_of_jpeg_is_its_segments_before_the_scan_and_little_more() -> None:
    point = get_codec("jpeg").at(50)
    data = point.encode(np.full((16, 16, 3), 128, np.uint8))
    scan = data.index(b"\xff\xda")
    segments = scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")
    assert segments <= container_bytes(point) <= segments + 16


def test_what_only_some_files_hold_does_not_count_as_container() -> None:
    store = ArtifactStore(GOLDEN)
    point = get_codec("bottleneck").at(50, store)
    grey = np.full((16, 16, 3), 128, np.uint8)
    # Two bytes of its file say 16x16; a file of 160x160 has none of them.
    assert container_bytes(point) == len(point.encode(grey)) - 2
