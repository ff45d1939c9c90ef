import keras
import numpy as np
import pytest

from core.metrics import metrics
from core.models import get_model
from core.models.autoencoder.network import Autoencoder, AutoencoderConfig, DoubledConvolution
from core.models.base import psnr_db
from core.models.training.activity import ActivityProbe
from core.models.training.feed import Images


@pytest.mark.parametrize(
    ("name", "filters", "activation", "learning_rate", "latent"),
    [
        ("ae80", (64,), "relu", 0.0015, (80, 80, 64)),
        ("ae40", (32, 64), "leaky_relu", 0.0017, (40, 40, 64)),
        ("ae20", (32, 64, 128), "leaky_relu", 0.0021, (20, 20, 128)),
    ],
)
def test_each_model_is_what_the_thesis_found_best(
    name: str,
    filters: tuple[int, ...],
    activation: str,
    learning_rate: float,
    latent: tuple[int, ...],
) -> None:
    config = get_model(name).config
    model = get_model(name).build(config)

    assert (config.filters, config.activation) == (filters, activation)
    assert (config.batch, config.epochs, config.patience) == (32, 100, 5)
    assert float(model.optimizer.learning_rate) == pytest.approx(learning_rate)
    assert model.encoder(np.zeros((1, 160, 160, 3), np.uint8)).shape[1:] == latent


def test_the_decoder_gives_images_of_the_size_that_went_in(small_model: Autoencoder) -> None:
    reconstruction = np.array(small_model(np.zeros((2, 20, 52, 3), np.uint8)))

    assert reconstruction.shape == (2, 20, 52, 3)
    assert reconstruction.min() >= 0
    assert reconstruction.max() <= 1


def test_the_first_fit_traces_the_training_step_once(
    small_model: Autoencoder, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced, step = [], small_model.train_step
    monkeypatch.setattr(small_model, "train_step", lambda data: traced.append(1) or step(data))
    small_model.fit(images, batch_size=4, epochs=2, verbose=0)

    assert len(traced) == 1


def test_a_doubled_convolution_is_a_doubling_and_a_convolution() -> None:
    values = np.random.default_rng(0).normal(size=(2, 5, 7, 6)).astype(np.float32)
    doubled = DoubledConvolution(3)
    convolution = keras.layers.Conv2D(3, 3, padding="same")
    doubling = keras.layers.UpSampling2D(2)
    convolution.build((None, None, None, 6))
    doubled.build((None, None, None, 6))
    doubled.bias.assign([0.5, -1.0, 2.0])
    convolution.set_weights(doubled.get_weights())

    ours, theirs = np.array(doubled(values)), np.array(convolution(doubling(values)))

    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_pooling_before_the_activation_changes_nothing(images: Images) -> None:
    values = images[:2].astype(np.float32) - 128
    pool, activation = keras.layers.MaxPooling2D(2), keras.layers.LeakyReLU(negative_slope=0.3)

    np.testing.assert_array_equal(
        np.array(activation(pool(values))), np.array(pool(activation(values)))
    )


def test_the_psnr_while_training_is_the_one_that_is_reported(images: Images) -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, images.shape)
    reconstruction = (images / 255 + noise).astype(np.float32)
    rounded = np.clip(np.rint(reconstruction * 255), 0, 255).astype(np.uint8)

    ours = np.array(psnr_db(images, reconstruction))

    measure = metrics()["psnr_db"].measure
    theirs = [measure(*pair) for pair in zip(images, rounded, strict=True)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.slow
def test_training_lowers_the_loss(small_model: Autoencoder, images: Images) -> None:
    losses = [small_model.train_on_batch(images, return_dict=True)["loss"] for _ in range(60)]

    assert losses[-1] < 0.8 * losses[0]


def test_a_model_that_computes_in_bfloat16_keeps_its_weights_in_float32() -> None:
    config = AutoencoderConfig(filters=(4,), learning_rate=0.001, precision="mixed_bfloat16")
    model = get_model("ae80").build(config)

    assert {str(weight.dtype) for weight in model.weights} == {"float32"}
    assert str(model(np.zeros((1, 8, 8, 3), np.uint8)).dtype).endswith("float32'>")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"filters": ()}, "filters must be positive numbers"),
        ({"filters": (32, 0)}, "filters must be positive numbers"),
        ({"activation": "tanh"}, "activation must be relu or leaky_relu; received 'tanh'"),
        ({"learning_rate": 0.0}, "learning_rate must lie in 0..1"),
        ({"precision": "float16"}, "precision must be float32 or mixed_bfloat16"),
        ({"patience": 0}, "patience must be at least 1"),
        ({"seed": -1}, "seed must not be negative"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AutoencoderConfig(**{"learning_rate": 0.001, **change})  # type: ignore[arg-type]


def test_the_units_of_encoder_and_decoder_are_both_counted() -> None:
    model = get_model("ae40").build(AutoencoderConfig(filters=(4, 6), learning_rate=1e-3))
    images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    columns = ActivityProbe(model).columns(images)

    assert columns["units"] == 2 * (4 + 6)
    counted = {name.removeprefix("dead_units_") for name in columns if "dead_units_" in name}
    assert counted == {f"{part}_activation_{i}" for part in ("encoder", "decoder") for i in (1, 2)}
