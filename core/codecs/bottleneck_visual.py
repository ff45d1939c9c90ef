"""BNK with a model that is trained for the eye: SSIMULACRA2 has a share of its distortion.

Its encoder does not search for better latents: a search lowers the squared error alone.
"""

from dataclasses import replace

from core.codecs import bottleneck
from core.codecs.bnk import BnkPoint

CODEC = replace(bottleneck.CODEC, name="bottleneck_visual", label="BNK visual", point=BnkPoint)
