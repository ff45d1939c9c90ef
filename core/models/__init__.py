"""The networks and how they are trained: the only part of the library that imports Keras.

One file per model. A model is a module with

- `LABEL`, the name on the screen,
- `CONFIG`, a frozen dataclass derived from `core.models.base.ModelConfig` with the thesis' optima,
- `PRESETS`, optionally, a dictionary of further such configurations by name,
- `build(config)`, a compiled `core.models.base.ImageModel`.

Keras takes its backend from the environment when it is first imported: TensorFlow, unless
`KERAS_BACKEND` says otherwise.
"""

import os
from types import ModuleType

from core.registry import discover

__all__ = ["get_model", "models"]

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# Otherwise TensorFlow reports at every start that there is no GPU, above our one-line errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def models() -> dict[str, ModuleType]:
    """Module of each model by its name, in alphabetical order."""
    return discover(__name__, ("build",)).modules


def get_model(name: str) -> ModuleType:
    """Module of one model.

    Raises:
        ValueError: There is no model of that name; the message lists those that exist.
    """
    found = models()
    if name not in found:
        raise ValueError(f"There is no model {name!r}; there are {', '.join(found)}.")
    return found[name]
