"""The thesis' topology of two layers, trained for rate; at 160x160 its latent is 40x40x48."""

from core.codecs import ae40
from core.codecs.rate_autoencoder import RateArchitecture

RATE_ARCHITECTURE = RateArchitecture(ae40.ARCHITECTURE, channels=48)
CODEC = RATE_ARCHITECTURE.codec()
