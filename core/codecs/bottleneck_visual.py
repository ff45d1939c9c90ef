"""BNK with a model that is trained for the eye: SSIMULACRA2 has a share of its distortion."""

from dataclasses import replace

from core.codecs import bottleneck

CODEC = replace(bottleneck.CODEC, name="bottleneck_visual", label="BNK visual")
