"""The autoencoders trained for rate: how they start, train, are exported and write files."""

import dataclasses
import importlib.util
import json

import numpy as np
import pytest

from core.codecs import get_codec
from core.codecs.onnx_network import OnnxNetwork
from core.codecs.rate_autoencoder import TABLES, rate_architectures
from core.dataset.splits import sample_images
from core.entropy.channel_tables import ChannelTables
from core.models import get_model
from core.models.rate_autoencoder.network import RateAutoencoder
from core.models.rate_autoencoder.transforms import fit_block_basis, gathered
from core.models.training.onnx_export import export_networks
from core.store import ArtifactStore
from tests.core.models.backends import answer_on

NAMES = ("ae80_rd", "ae40_rd", "ae20_rd")

each_model = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def photographs() -> np.ndarray:
    """Crops of 160x160 of photographs."""
    found = [image[:160, :160] for image in sample_images().values() if min(image.shape[:2]) >= 160]
    return np.stack([np.ascontiguousarray(image) for image in found])


def started(name: str, images: np.ndarray) -> RateAutoencoder:
    model = get_model(name)
    network = model.build(dataclasses.replace(model.config, max_shift=0))
    network.initialise(images)
    assert isinstance(network, RateAutoencoder)
    return network


@each_model
def test_layers_and_latent_grid_are_those_of_the_thesis(name: str) -> None:
    thesis, found = get_model(name.removesuffix("_rd")), get_model(name)
    assert len(found.config.filters) == len(thesis.config.filters)
    if not rate_architectures()[name].filters:
        assert found.config.filters == thesis.config.filters
        assert found.config.kernel == 3
    assert found.config.activation == thesis.config.activation
    network = found.build(found.config)
    side = {"ae80_rd": 80, "ae40_rd": 40, "ae20_rd": 20}[name]
    latent = network.encoder(np.zeros((1, 160, 160, 3), np.uint8))
    assert latent.shape == (1, side, side, found.config.channels)
    layers = network.layer_table((side, side, found.config.channels), stride=160 // side)
    assert [one.part for one in layers].count("latent") == 1
    assert (layers[-1].height, layers[-1].channels) == (160, 3)


def test_all_but_the_searched_network_have_the_filters_of_the_thesis() -> None:
    own = [name for name, found in rate_architectures().items() if found.filters]
    assert own == ["ae40_rd"]


@each_model
def test_it_starts_as_the_block_transform_of_the_training_images(name, photographs) -> None:
    network = started(name, photographs)
    basis = fit_block_basis(photographs, network.config)
    blocks = gathered(photographs[:2] / 255.0, network.config.block)
    expected = (blocks - basis.mean) @ basis.vectors
    found = np.asarray(network.encoder(photographs[:2]))
    assert np.abs(np.abs(found) - np.abs(expected)).max() < 1e-2


@pytest.mark.parametrize("name", ["ae80_rd", "ae40_rd"])
def test_before_any_training_the_decoder_undoes_the_encoder(name, photographs) -> None:
    """Apart from the mean of each position in a block, which a layer's bias cannot hold."""
    network = started(name, photographs)
    found = np.asarray(network.decoder(network.encoder(photographs))) * 255
    assert np.sqrt(np.mean((found - photographs) ** 2)) < 2.0


@pytest.mark.slow
def test_training_lowers_the_loss(photographs) -> None:
    network = started("ae20_rd", photographs)
    network.plan(60)
    before = network.evaluate(photographs, verbose=0, return_dict=True)["loss"]
    network.fit(np.repeat(photographs, 4, axis=0), batch_size=4, epochs=3, verbose=0)
    after = network.evaluate(photographs, verbose=0, return_dict=True)["loss"]
    assert after < before


@pytest.mark.slow
@each_model
def test_a_higher_quality_takes_more_bits_and_leaves_less_error(name, photographs) -> None:
    network = started(name, photographs)
    found = network.evaluate(photographs, verbose=0, return_dict=True)
    bits = [found[f"bits_per_pixel_{quality}"] for quality in (1, 25, 50, 75, 100)]
    psnr = [found[f"psnr_db_{quality}"] for quality in (1, 25, 50, 75, 100)]
    assert bits == sorted(bits)
    assert psnr == sorted(psnr)


@pytest.fixture(scope="module")
def store(tmp_path_factory, photographs) -> ArtifactStore:
    """A store with `ae40_rd` as it starts."""
    store = ArtifactStore(tmp_path_factory.mktemp("artifacts"))
    network = started("ae40_rd", photographs)
    files = {f"{name}.onnx": data for name, data in export_networks(network).items()}
    networks = {name: OnnxNetwork(files[f"{name}.onnx"]) for name in network.networks()}
    files |= network.companions(networks, photographs)
    files["card.json"] = json.dumps({"stride": 4}).encode()
    store.commit("models/ae40_rd", {f"ae40_rd/{k}": v for k, v in files.items()}, facts={})
    store.network = network
    return store


def test_files_take_the_bits_that_the_training_estimates(store, photographs) -> None:
    estimated = store.network.evaluate(photographs, verbose=0, return_dict=True)
    for quality in (1, 50, 100):
        point = get_codec("ae40_rd").at(quality, store)
        written = [8 * len(point.encode(image)) / 160**2 for image in photographs]
        assert np.mean(written) == pytest.approx(
            estimated[f"bits_per_pixel_{quality}"], rel=0.005, abs=8 / 160**2
        )


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 300), (97, 131), (600, 40)])
@pytest.mark.parametrize("quality", [1, 100])
def test_images_of_any_size_and_content_are_read_back(store, height, width, quality) -> None:
    point = get_codec("ae40_rd").at(quality, store)
    noise = np.random.default_rng(0).integers(0, 2, (height, width, 3), dtype=np.uint8) * 255
    for image in (noise, np.zeros_like(noise)):
        assert point.decode(point.encode(image)).shape == image.shape


def test_the_tables_come_back_from_their_file_and_others_are_refused(store) -> None:
    data = store.read("models/ae40_rd", f"ae40_rd/{TABLES}")
    tables = ChannelTables.from_bytes(data)
    assert tables.to_bytes() == data
    entries = tables.entries.copy()
    entries[0] += 1
    with pytest.raises(ValueError, match="do not sum"):
        dataclasses.replace(tables, entries=entries).check()
    with pytest.raises(ValueError, match="positive"):
        dataclasses.replace(tables, gains=-tables.gains).check()


_REFUSED = [
    ({"channels": 49}, "channels must lie in 1..48, the values of a 4x4 block; received 49"),
    ({"filters": (8, 64)}, "Layer 1 needs at least 12 filters; received 8"),
    ({"kernel": 4}, "kernel must be 3 or 5; received 4"),
    ({"activation": "tanh"}, "activation must be relu or leaky_relu; received 'tanh'"),
    ({"lowest_weight": 1.0}, "must be positive and rise with quality; received 1.0 to 0.06"),
]


@pytest.mark.parametrize(("fields", "message"), _REFUSED)
def test_a_shape_that_the_topology_does_not_allow_is_refused_with_what_is(fields, message) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        dataclasses.replace(get_model("ae40_rd").config, **fields)


@pytest.mark.parametrize("kernel", [3, 5])
def test_both_kernel_sizes_start_as_the_same_transform(kernel, photographs) -> None:
    build = get_model("ae40_rd").build
    config = dataclasses.replace(get_model("ae40_rd").config, kernel=kernel)
    network = build(config)
    network.initialise(photographs)
    found = np.asarray(network.decoder(network.encoder(photographs))) * 255
    assert np.sqrt(np.mean((found - photographs) ** 2)) < 2.0


_TWO_STEPS = """
import json, dataclasses
import keras, numpy as np
from core.models import get_model

random = np.random.default_rng(0)
images = random.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
model = get_model("ae40_rd")
network = model.build(dataclasses.replace(model.config, max_shift=0))
network.initialise(images)
found = [network.train_on_batch(images, return_dict=True)["loss"] for _ in range(2)]
found.append(network.evaluate(images, verbose=0, return_dict=True)["loss"])
print(json.dumps([keras.backend.backend(), [float(x) for x in found]]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed")
def test_two_steps_run_on_tensorflow_and_on_jax() -> None:
    ours, theirs = (answer_on(backend, _TWO_STEPS) for backend in ("tensorflow", "jax"))
    # The backends draw other noise and other initial weights.
    assert ours == pytest.approx(theirs, rel=0.05)
