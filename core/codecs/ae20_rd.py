"""The thesis' topology of three layers, trained for rate; at 160x160 its latent is 20x20x128."""

from core.codecs import ae20
from core.codecs.rate_autoencoder import RateArchitecture

RATE_ARCHITECTURE = RateArchitecture(ae20.ARCHITECTURE, channels=128)
CODEC = RATE_ARCHITECTURE.codec()
