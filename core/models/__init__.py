"""The networks and how they are trained: the only part of the library that imports Keras.

A model is a module or a folder with

- `LABEL`, the name on the screen,
- `CONFIG`, its defaults, a frozen dataclass derived from `core.models.base.ModelConfig`,
- `PRESETS`, optionally, a dictionary of further such configurations by name,
- `build(config)`, a compiled `core.models.base.ImageModel`.

A folder that holds several models defines `models()` instead, which gives each by its name. So an
autoencoder is one file, `core/codecs/<name>.py`: `core.models.autoencoder` makes its model.

Keras takes its backend from the environment when it is first imported: TensorFlow, unless
`KERAS_BACKEND` says otherwise.
"""

import os
from types import ModuleType
from typing import TYPE_CHECKING

from core.registry import discover

if TYPE_CHECKING:
    from core.models.base import Model

__all__ = ["get_model", "models"]

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# Otherwise TensorFlow reports at every start that there is no GPU, above our one-line errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def models() -> dict[str, "Model"]:
    """Model by its name, in alphabetical order."""
    found: dict[str, Model] = {}
    for name, module in discover(__name__, ("build",), ("models",)).modules.items():
        found |= module.models() if hasattr(module, "models") else {name: _model(module)}
    return dict(sorted(found.items()))


def get_model(name: str) -> "Model":
    """One model.

    Raises:
        ValueError: There is no model of that name; the message lists those that exist.
    """
    found = models()
    if name not in found:
        raise ValueError(f"There is no model {name!r}; there are {', '.join(found)}.")
    return found[name]


def _model(module: ModuleType) -> "Model":
    from core.models.base import Model  # Keras: only where models are asked for

    presets = getattr(module, "PRESETS", {})
    return Model(module.LABEL, module.CONFIG, module.build, presets)
