from pathlib import Path

import numpy as np
import pytest

from core.codecs.onnx_network import OnnxNetwork
from core.dataset.splits import sample_images
from core.models import get_model
from core.models.autoencoder.network import Autoencoder
from core.models.training.complexity import measure_work
from core.models.training.feed import Images
from core.models.training.onnx_export import (
    export_networks,
    largest_difference,
    reconstruct,
    to_float16,
)


@pytest.fixture(scope="module")
def model() -> Autoencoder:
    model = get_model("ae20")
    return model.build(model.config)


@pytest.fixture(scope="module")
def exported(model: Autoencoder) -> dict[str, bytes]:
    return export_networks(model)


@pytest.fixture(scope="module")
def networks(exported: dict[str, bytes]) -> list[OnnxNetwork]:
    return [OnnxNetwork(data) for data in exported.values()]


@pytest.fixture(scope="module")
def photographs() -> Images:
    images = list(sample_images().values())[:4]
    return np.stack([image[:96, :160] for image in images])


@pytest.mark.slow
def test_exported_networks_do_what_keras_does(
    model: Autoencoder, networks: list[OnnxNetwork], photographs: Images
) -> None:
    assert largest_difference(model, networks, photographs) < 0.01


@pytest.mark.parametrize(("height", "width"), [(8, 8), (8, 40), (160, 160), (104, 56)])
def test_exported_networks_take_any_whole_number_of_strides(
    height: int, width: int, networks: list[OnnxNetwork]
) -> None:
    images = np.zeros((3, height, width, 3), np.uint8)

    assert reconstruct(networks, images).shape == (3, height, width, 3)


def test_multiply_adds_are_those_of_the_kernels(
    exported: dict[str, bytes], photographs: Images
) -> None:
    pixels = 96 * 160
    encoder = measure_work(exported["encoder"], photographs[:1])
    decoder = measure_work(exported["decoder"], encoder.output)

    # Kernel area x channels in x channels out, over the pixels per output position.
    assert encoder.multiply_adds / pixels == 9 * (3 * 32 + 32 * 64 / 4 + 64 * 128 / 16)
    doubled = 9 * 32 * (3 * 4) / 4
    layers = 9 * (128 * 128 / 64 + 128 * 64 / 16 + 64 * 32 / 4)
    assert decoder.multiply_adds / pixels == layers + doubled


def test_a_file_of_a_network_carries_no_path_of_this_machine(exported: dict[str, bytes]) -> None:
    for data in exported.values():
        assert str(Path(__file__).parents[3]).encode() not in data


def test_a_halved_network_does_the_same_in_half_the_space(
    model: Autoencoder, exported: dict[str, bytes], photographs: Images
) -> None:
    halves = {name: to_float16(data) for name, data in exported.items()}
    networks = [OnnxNetwork(data) for data in halves.values()]

    assert sum(map(len, halves.values())) < 0.6 * sum(map(len, exported.values()))
    assert largest_difference(model, networks, photographs) < 0.5
