"""The learned codec, on the small model of the golden streams."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from core.codecs import get_codec
from core.codecs.bnk import TrainedModel
from core.codecs.bottleneck import CODEC, MAX_CELLS, SWEEP, at, sweep
from core.codecs.onnx_network import Tiling
from core.dataset.splits import sample_images
from core.entropy import errors
from core.entropy.bitstream import unpack
from core.errors import CodecError
from core.evaluation.dial_search import match_bytes
from core.images import Image
from core.store import ArtifactStore, DamagedArtifact, MissingArtifact
from tests.load.fuzz import CORPUS, run_chunk
from tests.load.mutators import GOLDEN, MUTATORS, STREAMS

#: Streams of all kinds, short enough that every bit of them can be tried.
EXHAUSTIVE = (
    "black_1", "black_75", "column_1", "column_75", "dot_1", "dot_100", "noise_1", "ramp_25",
    "row_50", "wide_1",
)  # fmt: skip
MUTATIONS = 2000


@pytest.fixture(scope="module")
def store() -> ArtifactStore:
    return ArtifactStore(GOLDEN)


@pytest.fixture(scope="module")
def photograph() -> Image:
    return next(iter(sample_images().values()))


@pytest.mark.parametrize("name", ["dot_1", "row_50", "odd_25", "square_75", "wide_100"])
def test_a_golden_stream_becomes_an_image_of_its_size(name: str, store: ArtifactStore) -> None:
    header = unpack(STREAMS[name]).header
    image = at(header.quality, store).decode(STREAMS[name])
    assert image.shape == (header.height, header.width, 3)
    assert image.dtype == np.uint8


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 300), (300, 1), (33, 64), (97, 131)])
def test_images_of_any_size_come_back_in_their_size(store, height: int, width: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    point = at(50, store)
    assert point.decode(point.encode(image)).shape == image.shape


def test_better_qualities_take_more_bytes_and_come_closer(store, photograph: Image) -> None:
    image = photograph[:320, :320]
    sizes, errors_of = [], []
    for point in sweep(store):
        data = point.encode(image)
        sizes.append(len(data))
        errors_of.append(float(np.mean((point.decode(data).astype(float) - image) ** 2)))
    assert sizes == sorted(sizes)
    # Sixteen channels leave an error that no quality takes away.
    assert np.all(np.diff(errors_of) < 0.01 * errors_of[0])
    assert errors_of[-1] < 0.9 * errors_of[0]
    assert len(SWEEP) >= 12


def test_a_block_transform_of_few_coefficients_shows_the_image(store, photograph) -> None:
    image = photograph[64:224, 64:224]
    point = at(100, store)
    error = np.mean((point.decode(point.encode(image)).astype(float) - image) ** 2)
    assert error < 0.25 * image.astype(float).var(axis=(0, 1)).mean()


def test_the_same_image_gives_the_same_bytes(store, photograph: Image) -> None:
    image = photograph[:97, :131]
    assert at(40, store).encode(image) == at(40, store).encode(image.copy())


def test_an_image_of_the_data_sets_size_has_nine_bytes_of_header(store, photograph) -> None:
    data = at(1, store).encode(photograph[:160, :160])
    stream = unpack(data)
    assert len(data) - len(stream.payload) == 9
    assert stream.header.model_id == TrainedModel(CODEC, "bottleneck", store).network().digest[:2]


def test_a_wanted_size_is_met_by_the_search_on_the_dial(store, photograph: Image) -> None:
    match = match_bytes(
        get_codec("bottleneck"), photograph[:160, :160], 900, bound="at_most", store=store
    )
    assert 700 < len(match.data) <= 900


def _tiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.codecs.bottleneck._WINDOW_PIXELS", 224)
    monkeypatch.setattr("core.codecs.bottleneck._SIDE_TILING", Tiling(window=12, margin=4, down=2))


def test_an_image_in_tiles_has_no_seams(store, photograph, monkeypatch) -> None:
    monkeypatch.setattr("core.codecs.bottleneck._MARGIN_SHARE", 1.0)
    point, image = at(80, store), photograph[:250, :330]
    data = point.encode(image)
    whole = point.decode(data)
    _tiled(monkeypatch)
    assert np.abs(point.decode(data).astype(int) - whole).max() <= 1
    # Other tiles may round a near tie of the latent otherwise, but nothing more.
    again = point.decode(point.encode(image))
    assert np.mean(np.abs(again.astype(int) - whole) > 1) < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("quality", [1, 60, 100])
def test_no_seam_of_the_published_model_is_more_than_a_level(
    photograph: Image, quality: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows that see half of what the synthesis does."""
    point = at(quality, ArtifactStore(Path(__file__).parents[3] / "artifacts"))
    data = point.encode(photograph)
    whole = point.decode(data)
    monkeypatch.setattr("core.codecs.bottleneck._WINDOW_PIXELS", 224)
    difference = np.abs(point.decode(data).astype(int) - whole)
    assert 0 < np.mean(difference > 0) < 0.01
    assert difference.max() == 1
    # The encoder's windows are its own business, but they must cost nothing.
    again = point.encode(photograph)
    assert abs(len(again) / len(data) - 1) < 2e-3
    distances = [
        peak_signal_noise_ratio(photograph, found) for found in (whole, point.decode(again))
    ]
    assert abs(distances[1] - distances[0]) < 0.01


def test_an_image_over_the_limit_is_refused_before_anything_is_computed(store) -> None:
    huge = np.broadcast_to(np.uint8(0), (4001, 4000, 3))
    with pytest.raises(CodecError, match=r"at most 16 megapixels.*received 4000x4001"):
        at(50, store).encode(huge)
    narrow = np.broadcast_to(np.uint8(0), (1, 32 * MAX_CELLS + 1, 3))
    with pytest.raises(errors.LimitExceeded, match="squares of 32x32"):
        at(50, store).encode(narrow)


def test_a_file_of_another_model_is_refused_by_name(store) -> None:
    data = bytearray(STREAMS["odd_50"])
    data[2] ^= 1
    with pytest.raises(errors.UnknownModel, match=bytes(data[2:4]).hex()):
        at(50, store).decode(bytes(data))


@pytest.mark.parametrize("quality", [0, 101, 255])
def test_a_quality_that_no_encoder_writes_is_refused(store, quality: int) -> None:
    data = bytearray(STREAMS["odd_50"])
    data[4] = quality
    with pytest.raises(errors.CorruptStream, match=rf"1\.\.100; received {quality}"):
        at(50, store).decode(bytes(data))


def test_without_a_trained_model_the_command_that_trains_it_is_named(tmp_path: Path) -> None:
    for start in (lambda: sweep(ArtifactStore(tmp_path)), lambda: at(50, ArtifactStore(tmp_path))):
        with pytest.raises(MissingArtifact, match=r"pipelines\.train bottleneck"):
            start()


@pytest.mark.parametrize("changed", ["entropy.npz", "synthesis.onnx"])
def test_files_that_do_not_belong_together_are_refused(tmp_path, changed: str) -> None:
    folder = GOLDEN / "models" / "bottleneck"
    files = {f"bottleneck/{path.name}": path.read_bytes() for path in folder.iterdir()}
    other = "analysis.onnx" if changed == "synthesis.onnx" else "card.json"
    files[f"bottleneck/{changed}"] = files[f"bottleneck/{other}"]
    store = ArtifactStore(tmp_path)
    store.commit("models/bottleneck", files, facts={})
    with pytest.raises(DamagedArtifact, match=changed):
        at(50, store).decode(STREAMS["dot_1"])


def test_the_codec_needs_no_training_library() -> None:
    shown = json.loads(_run_apart(_DECODE_AND_LIST, str(GOLDEN)))
    assert not {"keras", "tensorflow", "jax", "torch"} & set(shown["modules"])
    assert shown["shape"] == [97, 131, 3]


_DECODE_AND_LIST = """
import json, pathlib, sys
from core.codecs.bottleneck import at
from core.store import ArtifactStore
golden = pathlib.Path(sys.argv[1])
data = (golden / "streams" / "odd_50.bnk").read_bytes()
shape = at(50, ArtifactStore(golden)).decode(data).shape
print(json.dumps({"modules": sorted(sys.modules), "shape": shape}))
"""

_SIXTEEN_MEGAPIXELS = """
import pathlib, sys
import numpy as np
from core.codecs.bottleneck import at
from core.store import ArtifactStore
codec = at(60, ArtifactStore(pathlib.Path(sys.argv[1])))
down, right = np.meshgrid(np.arange(4000), np.arange(4000), indexing="ij", sparse=True)
image = np.stack([(down * right >> shift & 255).astype(np.uint8) for shift in (4, 9, 14)], -1)
data = codec.encode(image)
assert codec.decode(data).shape == image.shape
# Not getrusage, whose peak counts what the process was before it became this program.
status = pathlib.Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0])
"""


def _run_apart(program: str, *arguments: str) -> str:
    found = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    return found.stdout


@pytest.mark.slow
@pytest.mark.parametrize("root", [GOLDEN, ArtifactStore.default().root], ids=["small", "trained"])
def test_sixteen_megapixels_take_at_most_a_gigabyte(root: Path) -> None:
    if not ArtifactStore(root).exists("models/bottleneck"):
        pytest.skip("The model is not trained here.")
    assert int(_run_apart(_SIXTEEN_MEGAPIXELS, str(root))) * 1024 <= 2**30


@pytest.mark.slow
def test_no_mutation_of_a_stream_gives_an_image() -> None:
    outcome = run_chunk(2000, count=MUTATIONS)
    assert outcome.cases == sum(outcome.refused.values()) == MUTATIONS
    assert outcome.mutated.keys() == {mutator.__name__ for mutator in MUTATORS}
    assert outcome.faults == []


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.bnk")), ids=lambda path: path.stem)
def test_a_file_of_the_corpus_is_refused(path: Path, store: ArtifactStore) -> None:
    with pytest.raises(errors.BitstreamError) as refusal:
        at(50, store).decode(path.read_bytes())
    # Or nothing behind the name of the model would have been looked at.
    assert not isinstance(refusal.value, errors.UnknownModel)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXHAUSTIVE)
def test_no_flipped_bit_and_no_truncation_gives_an_image(name: str, store: ArtifactStore) -> None:
    data, point = STREAMS[name], at(50, store)
    flipped = (
        data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]
        for position in range(len(data))
        for bit in range(8)
    )
    cut = (data[:length] for length in range(len(data)))
    for damaged in (*flipped, *cut):
        with pytest.raises(errors.BitstreamError):
            point.decode(damaged)
