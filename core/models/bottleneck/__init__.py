"""BNK, the learned codec's network: one model for every quality."""

from core.models.bottleneck import config
from core.models.bottleneck.config import CONFIG
from core.models.bottleneck.ladder import LADDER
from core.models.bottleneck.network import LABEL, build

__all__ = ["CONFIG", "LABEL", "PRESETS", "build"]

PRESETS = config.PRESETS | LADDER
