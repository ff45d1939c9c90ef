import keras
import numpy as np
import pytest

from core.models import get_model
from core.models.autoencoder.network import Autoencoder, AutoencoderConfig
from core.models.training.feed import Images

SMALL = AutoencoderConfig(filters=(4, 8), learning_rate=0.002, batch=4, epochs=2, patience=2)


@pytest.fixture
def small_config() -> AutoencoderConfig:
    return SMALL


@pytest.fixture
def small_model(small_config: AutoencoderConfig) -> Autoencoder:
    keras.utils.set_random_seed(small_config.seed)
    return get_model("ae40").build(small_config)


@pytest.fixture(scope="session")
def images() -> Images:
    """Twenty images of coloured blocks, 32x32."""
    blocks = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), dtype=np.uint8)
    return blocks.repeat(8, axis=1).repeat(8, axis=2)
