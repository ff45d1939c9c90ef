"""The network of the encoder's search, held to TensorFlow's own gradient."""

import dataclasses

import keras
import numpy as np
import pytest

from core.codecs.bottleneck import REFINEMENT
from core.codecs.latent_search import Gradient, SearchPlanes
from core.codecs.onnx_network import OnnxNetwork, Tiling
from core.models.base import PEAK
from core.models.bottleneck import network as bottleneck
from core.models.bottleneck.config import transform_shape
from core.models.bottleneck.network import Bottleneck
from core.models.bottleneck.refinement import make_refinement, refinement_file
from core.models.training.onnx_export import export_network, share_transposed_kernels
from tests.core.models.tiny import TINY

#: Wide enough that kernels are worth sharing, and with rectifiers that leak.
CONFIG = dataclasses.replace(TINY, width=64, deep_width=64, synthesis_slope=0.1)
HEIGHT, WIDTH = 64, 96


@pytest.fixture(scope="module")
def model() -> Bottleneck:
    model = bottleneck.build(CONFIG)
    random = np.random.default_rng(0)
    model.synthesis.set_weights(
        [0.1 * random.normal(size=weight.shape) for weight in model.synthesis.weights]
    )
    return model


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (HEIGHT - 7, WIDTH - 20, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def latents() -> np.ndarray:
    shape = (HEIGHT // 16, WIDTH // 16, CONFIG.channels)
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


def _expected(model: Bottleneck, latents: np.ndarray, image: np.ndarray) -> np.ndarray:
    """TensorFlow's gradient of the squared error inside the image."""
    tensorflow = pytest.importorskip("tensorflow")
    height, width, _ = image.shape
    quality = np.full((*latents.shape[:2], 1), 0.7, np.float32)
    with tensorflow.GradientTape() as tape:
        values = tensorflow.constant(latents)
        tape.watch(values)
        planes = tensorflow.concat([values, quality], axis=-1)[np.newaxis]
        decoded = PEAK * model.synthesis(planes)[0, :height, :width]
        error = tensorflow.reduce_sum((decoded - image.astype(np.float32)) ** 2)
    return np.asarray(tape.gradient(error, values))


def _found(network: OnnxNetwork, latents: np.ndarray, image: np.ndarray) -> np.ndarray:
    planes = SearchPlanes(latents, 0.7, image)
    return Gradient(network, Tiling(64, 4)).tiling.run(network, planes)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="compares with TensorFlow")
def test_the_gradient_is_that_of_tensorflow(
    model: Bottleneck, latents: np.ndarray, image: np.ndarray
) -> None:
    expected = _expected(model, latents, image)
    planes = SearchPlanes(latents, 0.7, image)[slice(0, 4), slice(0, 6)]
    network = make_refinement(model.synthesis, transform_shape(CONFIG))
    exported = export_network(network)
    shared = share_transposed_kernels(exported)
    assert len(shared) < 0.7 * len(exported)
    for found in (
        np.asarray(network(planes[np.newaxis]))[0],
        _found(OnnxNetwork(shared), latents, image),
    ):
        np.testing.assert_allclose(
            found[..., :-1], expected, atol=1e-4 * np.abs(expected).max(), rtol=1e-3
        )


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="exports with TensorFlow")
def test_the_last_plane_is_the_error_of_the_decoders_bytes(
    model: Bottleneck, latents: np.ndarray, image: np.ndarray
) -> None:
    network = OnnxNetwork(refinement_file(model.synthesis, transform_shape(CONFIG))[REFINEMENT])
    quality = np.full((*latents.shape[:2], 1), 0.7, np.float32)
    decoded = model.synthesis(np.concatenate([latents, quality], axis=-1)[np.newaxis])
    height, width, _ = image.shape
    levels = np.rint(PEAK * np.asarray(decoded)[0, :height, :width])
    expected = np.square(levels - image).sum()
    # Large weights are stored as float16.
    assert _found(network, latents, image)[..., -1].sum() == pytest.approx(expected, rel=1e-3)
