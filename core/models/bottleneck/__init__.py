"""BNK, the learned codec's network: one model for every quality."""

from core.models.bottleneck.config import CONFIG, PRESETS
from core.models.bottleneck.network import LABEL, build

__all__ = ["CONFIG", "LABEL", "PRESETS", "build"]
