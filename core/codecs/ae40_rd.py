"""The thesis' topology of two layers, trained for rate; at 160x160 its latent is 40x40x24.

Filters, kernel, channels and learning rate are those of trial 32 of its search, `studies/ae40_rd`.
"""

from core.codecs import ae40
from core.codecs.rate_autoencoder import RateArchitecture

RATE_ARCHITECTURE = RateArchitecture(
    ae40.ARCHITECTURE, channels=24, filters=(16, 16), kernel=5, learning_rate=0.00258
)
CODEC = RATE_ARCHITECTURE.codec()
