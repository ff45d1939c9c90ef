"""The thesis' topology of one layer, trained for rate; at 160x160 its latent is 80x80x12."""

from core.codecs import ae80
from core.codecs.rate_autoencoder import RateArchitecture

RATE_ARCHITECTURE = RateArchitecture(ae80.ARCHITECTURE, channels=12)
CODEC = RATE_ARCHITECTURE.codec()
