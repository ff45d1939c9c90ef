"""The autoencoders as codecs, with a network that loses nothing so that the rest can be seen."""

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from core.codecs.ae20 import CODEC
from core.codecs.base import OperatingPoint
from core.codecs.onnx_network import OnnxNetwork
from core.dataset.splits import sample_images
from core.entropy import errors
from core.entropy.latent_tables import fit_latent_tables
from core.errors import CodecError
from core.images import Image
from core.store import ArtifactStore, MissingArtifact

STRIDE = 8


def _model(nodes: list, kind: int, channels: tuple[int, int]) -> bytes:
    shapes = [[None, None, None, count] for count in channels]
    scale = helper.make_tensor("scale", TensorProto.FLOAT, [], [255.0])
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", kind, shapes[0])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shapes[1])],
        [scale],
    )
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


def _encoder() -> bytes:
    """Blocks of 8x8 pixels laid out as 192 channels."""
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["f", "scale"], ["u"]),
        helper.make_node("Transpose", ["u"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node("SpaceToDepth", ["t"], ["d"], blocksize=STRIDE),
        helper.make_node("Transpose", ["d"], ["y"], perm=[0, 2, 3, 1]),
    ]
    return _model(nodes, TensorProto.UINT8, (3, 3 * STRIDE**2))


def _decoder() -> bytes:
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node("DepthToSpace", ["t"], ["s"], blocksize=STRIDE),
        helper.make_node("Transpose", ["s"], ["y"], perm=[0, 2, 3, 1]),
    ]
    return _model(nodes, TensorProto.FLOAT, (3 * STRIDE**2, 3))


def _commit(store: ArtifactStore, images: Image) -> None:
    encoder = OnnxNetwork(_encoder())
    tables = fit_latent_tables(encoder.run, lambda: iter([images]))
    files = {
        "ae20/encoder.onnx": _encoder(),
        "ae20/decoder.onnx": _decoder(),
        "ae20/tables.npz": tables.to_bytes(),
        "ae20/card.json": json.dumps({"stride": STRIDE}).encode(),
    }
    store.commit("models/ae20", files, facts={})


@pytest.fixture(scope="module")
def image() -> Image:
    return next(iter(sample_images().values()))[:160, :160]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, image: Image) -> ArtifactStore:
    store = ArtifactStore(tmp_path_factory.mktemp("artifacts"))
    black, white = np.zeros_like(image), np.full_like(image, 255)
    _commit(store, np.stack([image, black, white]))
    return store


def _mean_square_error(point: OperatingPoint, image: Image) -> float:
    decoded = point.decode(point.encode(image)).astype(float)
    return float(np.mean((decoded - image) ** 2))


def test_finer_steps_give_larger_files_and_smaller_errors(store, image: Image) -> None:
    points = CODEC.sweep(store)
    sizes = [len(point.encode(image)) for point in points]
    distortions = [_mean_square_error(point, image) for point in points]
    # From quality 56 on a step is finer than the 8-bit levels that this network passes through.
    assert np.all(np.diff(sizes[:6]) > 0)
    assert np.all(np.diff(distortions) <= 0)
    assert distortions[0] > 100
    assert distortions[-1] == 0


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 300), (97, 131), (600, 40)])
def test_images_of_any_size_keep_their_size(store, height: int, width: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    point = CODEC.at(100, store)
    decoded = point.decode(point.encode(image))
    assert decoded.shape == image.shape
    assert np.array_equal(decoded, image)


def test_the_same_image_gives_the_same_bytes(store, image: Image) -> None:
    point = CODEC.at(60, store)
    assert point.encode(image) == point.encode(image)


def test_the_header_of_an_image_of_the_usual_size_takes_nine_bytes(store, image) -> None:
    flat = np.full((160, 160, 3), image[0, 0], np.uint8)
    assert len(CODEC.at(1, store).encode(flat)) >= 9
    assert CODEC.at(1, store).encode(image)[1] == 0x10


def test_a_file_is_refused_by_a_model_that_did_not_make_it(store, image, tmp_path) -> None:
    data = CODEC.at(60, store).encode(image)
    other = ArtifactStore(tmp_path)
    _commit(other, 255 - image[np.newaxis] // 2)
    with pytest.raises(errors.UnknownModel):
        CODEC.at(60, other).decode(data)


def test_damaged_files_never_give_an_image(store, image: Image) -> None:
    point = CODEC.at(20, store)
    data = point.encode(image[:24, :40])
    generator = np.random.default_rng(0)
    for _ in range(400):
        damaged = bytearray(data)
        for position in generator.integers(0, len(data), generator.integers(1, 4)):
            damaged[position] ^= 1 << int(generator.integers(8))
        if bytes(damaged) != data:
            with pytest.raises(errors.BitstreamError):
                point.decode(bytes(damaged))
    for length in range(0, len(data), 7):
        with pytest.raises(errors.BitstreamError):
            point.decode(data[:length])
    with pytest.raises(errors.CorruptStream):
        point.decode(data + b"\x01")


def test_an_image_over_the_limit_is_refused_in_words(store) -> None:
    # 192 channels at an eighth of the size: three values a pixel.
    huge = np.broadcast_to(np.uint8(0), (5000, 4800, 3))
    with pytest.raises(CodecError, match=r"at most 22\.4 megapixels; received 4800x5000"):
        CODEC.at(50, store).encode(huge)
    long = np.broadcast_to(np.uint8(0), (1, 2_100_000, 3))
    with pytest.raises(CodecError, match=r"sides of at most 2,097,152 pixels; received 2100000x1"):
        CODEC.at(50, store).encode(long)


def test_without_a_trained_model_the_command_that_trains_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingArtifact, match=r"pipelines\.train"):
        CODEC.sweep(ArtifactStore(tmp_path))


def test_the_float_latent_gives_an_image_but_no_bytes(store, image: Image) -> None:
    [reference] = CODEC.references(store)
    assert np.array_equal(reference.reconstruct(image), image)
    assert not hasattr(reference, "encode")


def test_qualities_off_the_dial_are_refused(store) -> None:
    with pytest.raises(ValueError, match=r"1\.\.100; received 0"):
        CODEC.at(0, store)
