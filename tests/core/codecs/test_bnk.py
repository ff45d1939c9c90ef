"""What the learned codecs share: files found their models by id, hostile ones refused early."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.codecs import codecs, get_codec
from core.codecs.bnk import TrainedModel
from core.codecs.bottleneck import CODEC, at
from core.codecs.recognition import recognise
from core.entropy import errors
from core.entropy.bitstream import Header, pack, unpack
from core.store import ArtifactStore, DamagedArtifact
from tests.load.damaged_streams import mend
from tests.load.fuzz import run_chunk
from tests.load.mutators import GOLDEN, STREAMS

SHIPPED = ArtifactStore(Path(__file__).parents[3] / "artifacts")
STREAM = STREAMS["odd_50"]


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """A copy of the small model's store that may be changed."""
    shutil.copytree(GOLDEN / "models", tmp_path / "models")
    return ArtifactStore(tmp_path)


def _files(name: str, **changed: bytes) -> dict[str, bytes]:
    """Files of the small model under another name."""
    folder = GOLDEN / "models" / "bottleneck"
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    card = json.loads(files["card.json"]) | {"model": name, "architecture": "bottleneck"}
    files["card.json"] = json.dumps(card).encode()
    files |= {file.replace("_", "."): data for file, data in changed.items()}
    return {f"{name}/{file}": data for file, data in files.items()}


def test_an_own_model_is_a_codec_under_its_name(store: ArtifactStore) -> None:
    store.commit("models/mine", _files("mine"), facts={})
    mine = get_codec("mine", store)
    assert (mine.label, mine.kind, mine.suffix) == ("mine (BNK)", "learned", ".bnk")
    assert [point.codec for point in mine.sweep(store)] == ["mine"] * len(CODEC.qualities)
    data = mine.at(50, store).encode(np.zeros((20, 30, 3), np.uint8))
    assert mine.at(1, store).decode(data).shape == (20, 30, 3)
    assert "mine" not in codecs(SHIPPED)


@pytest.mark.parametrize("card", [b"no card", b"[]", b'{"architecture": "resnet"}', b"{}"])
def test_a_model_of_an_unknown_architecture_is_no_codec(store: ArtifactStore, card: bytes) -> None:
    before = codecs(store).keys()
    store.commit("models/mine", _files("mine", card_json=card), facts={})
    assert codecs(store).keys() == before


@pytest.mark.parametrize("file", ["ae20/tables.npz", "ae20/decoder.onnx"])
def test_a_damaged_model_does_not_block_the_files_of_another(
    store: ArtifactStore, file: str
) -> None:
    shutil.copytree(SHIPPED.root / "models" / "ae20", store.root / "models" / "ae20")
    shutil.copy(SHIPPED.root / "models" / "ae20.manifest.json", store.root / "models")
    damaged = store.root / "models" / file
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    assert recognise(STREAM, store).image.shape == (97, 131, 3)
    (store.root / "models" / "ae20.manifest.json").write_text("damaged")
    assert recognise(STREAM, store).origin == "BNK"


def test_a_damaged_model_is_named_for_its_own_files(store: ArtifactStore) -> None:
    (store.root / "models" / "bottleneck" / "synthesis.onnx").write_bytes(b"damaged")
    with pytest.raises(DamagedArtifact, match=r"synthesis\.onnx"):
        recognise(STREAM, store)


def test_models_with_equal_ids_are_all_tried(store: ArtifactStore, monkeypatch) -> None:
    other = at(50, ArtifactStore(GOLDEN))
    store.commit("models/a_twin", _files("a_twin"), facts={})
    digest = TrainedModel.digest

    def colliding(model: TrainedModel) -> bytes:
        return digest(model)[:2] + model.name.encode()

    monkeypatch.setattr(TrainedModel, "digest", colliding)
    # The twin comes last among the codecs; a damaged one must not end the search either.
    (store.root / "models" / "bottleneck" / "analysis.onnx").write_bytes(b"damaged")
    found = recognise(STREAM, store)
    assert found.origin == "a_twin (BNK)"
    assert np.array_equal(found.image, other.decode(STREAM))


def test_a_file_of_no_model_here_names_its_id(store: ArtifactStore) -> None:
    with pytest.raises(
        errors.UnknownModel, match=r"model 0000.*here: ae20, ae20_rd, ae40, ae40_rd, ae80, ae80_rd"
    ):
        recognise(STREAM[:2] + b"\0\0" + STREAM[4:], store)


def test_a_running_process_notices_a_model_that_was_damaged_or_replaced(
    store: ArtifactStore,
) -> None:
    point = at(50, store)
    before = point.decode(STREAM)
    network = point.architecture and TrainedModel(CODEC, "bottleneck", store).network()
    assert TrainedModel(CODEC, "bottleneck", store).network() is network
    file = store.root / "models" / "bottleneck" / "synthesis.onnx"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(DamagedArtifact, match=r"synthesis\.onnx"):
        point.decode(STREAM)
    file.write_bytes(whole)
    assert np.array_equal(point.decode(STREAM), before)


@pytest.mark.parametrize("junk", [b"\0", b"\1", b"\0\0\0\1", bytes(40), b"more"])
@pytest.mark.parametrize("name", ["dot_1", "odd_50", "flat_100"])
def test_trailing_bytes_are_refused_though_the_checksum_holds(name: str, junk: bytes) -> None:
    stream = unpack(STREAMS[name])
    assert mend(stream.header, stream.payload) == STREAMS[name]
    with pytest.raises(errors.CorruptStream, match="does not end where its image ends"):
        at(50, ArtifactStore(GOLDEN)).decode(mend(stream.header, stream.payload + junk))


_SIZES = [(4000, 4000), (500_000, 32), (32, 500_000), (2048, 2048), (1200, 1200), (600, 600)]

#: Place of the checksum behind a size of two bytes a side.
CHECK_OF_EXPLICIT_SIZE = 9

_DECODE_ALL = """
import resource, sys, time
from pathlib import Path
from core.codecs.recognition import recognise
from core.entropy.errors import BitstreamError
from core.store import ArtifactStore
store, slowest = ArtifactStore(Path(sys.argv[1])), 0.0
for path in sorted(Path(sys.argv[2]).iterdir()):
    started = time.process_time()
    try:
        recognise(path.read_bytes(), store)
    except BitstreamError:
        slowest = max(slowest, time.process_time() - started)
    else:
        raise SystemExit(f"{path} was accepted")
# Not getrusage, whose peak counts what the process was before it became this program.
status = Path("/proc/self/status").read_text()
print(slowest, int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""


def test_a_small_file_that_claims_any_size_is_refused_within_a_second_and_200_megabytes(
    tmp_path: Path,
) -> None:
    random = np.random.default_rng(0)
    for name in ("bottleneck", "ae80", "ae20"):
        learned = get_codec(name).learned
        assert learned is not None
        digest = TrainedModel(learned, name, SHIPPED).digest()
        for width, height in _SIZES:
            for size in (0, 1, 300, 985):
                header = Header(digest[:2], int(random.integers(1, 101)), width, height)
                data = pack(header, random.bytes(size), model_digest=digest, symbols=())
                assert len(data) <= 1000
                (tmp_path / f"{name}_{width}x{height}_{size}.bnk").write_bytes(data)
    # Wrong at the very end, after all of its symbols were read.
    flat = bytearray(
        get_codec("bottleneck").at(1, SHIPPED).encode(np.zeros((512, 512, 3), np.uint8))
    )
    assert len(flat) <= 1000
    flat[CHECK_OF_EXPLICIT_SIZE] ^= 1
    (tmp_path / "flat.bnk").write_bytes(flat)
    slowest, megabytes = subprocess.run(
        [sys.executable, "-c", _DECODE_ALL, str(SHIPPED.root), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    ).stdout.split()
    assert float(slowest) < 1
    assert float(megabytes) < 200


@pytest.mark.slow
@pytest.mark.parametrize(("way", "count"), [("mended", 150), ("large", 300)])
def test_what_is_accepted_is_what_an_encoder_writes(way: str, count: int) -> None:
    outcome = run_chunk(7, count=count, way=way)
    assert outcome.cases == count == sum(outcome.refused.values()) + outcome.rewritten
    assert outcome.faults == []
    assert way == "large" or outcome.rewritten > 10


@pytest.mark.slow
@pytest.mark.parametrize("quality", [1, 50, 100])
@pytest.mark.parametrize("name", ["ae80", "ae40", "ae20", "bottleneck"])
def test_flat_and_half_flat_images_are_read_back(name: str, quality: int) -> None:
    """Their payloads end in long runs of zeros, or are shorter than any photograph's."""
    codec = get_codec(name)
    assert codec.at is not None
    point = codec.at(quality, SHIPPED)
    half = np.zeros((320, 320, 3), np.uint8)
    half[:160] = np.random.default_rng(1).integers(0, 256, (160, 320, 3))
    for image in (np.zeros((400, 400, 3), np.uint8), np.full((160, 160, 3), 255, np.uint8), half):
        assert point.decode(point.encode(image)).shape == image.shape
