"""Files of published models: those that are added without a training, and those removed."""

import importlib.util
import os
from typing import TYPE_CHECKING

from core.store import ArtifactStore
from pipelines.base import UserError
from pipelines.quiet_import import quiet_import

if TYPE_CHECKING:
    from core.models.base import Model


def complete(store: ArtifactStore, name: str, architecture: str) -> None:
    """Adds to a published model the files that it lacks, and says which.

    Args:
        store: Where the model is.
        name: Name of the trained model.
        architecture: Name of the model that it is one of.

    Raises:
        Refusal: It is of another architecture, or was published without its weights.
        ArtifactError: It is missing or damaged.
    """
    model = _checked(store, name, architecture)
    with quiet_import():
        from core.codecs.trained_model import model_key
        from core.models.training.derived_files import add_derived_files

    with store.lock(model_key(name)):
        added = add_derived_files(store, name, model)
    print(f"{name}: added {', '.join(added) or 'nothing: there is nothing to add'}")


def reduce(store: ArtifactStore, name: str, architecture: str, *, uses: str) -> None:
    """Removes files from a published model, and says which.

    Args:
        store: Where the model is.
        name: Name of the trained model.
        architecture: Name of the model that it is one of.
        uses: What it is no longer needed for, or `both`.

    Raises:
        Refusal: It is of another architecture, or has none of the files.
        ArtifactError: It is missing or damaged.
    """
    _checked(store, name, architecture)
    with quiet_import():
        from core.models.training.reduction import REMOVABLE, reduce_model

    removed = reduce_model(store, name, tuple(REMOVABLE) if uses == "both" else (uses,))
    print(f"{name}: removed {', '.join(removed)}")


def check_libraries() -> None:
    """Refuses what needs Keras where it, or the library that it computes with, is missing.

    Raises:
        UserError: It is.
    """
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    missing = [name for name in ("keras", backend) if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"Training needs {' and '.join(missing)}, which the other steps do without and which "
            f"this environment lacks. Install: pip install -r requirements.txt"
            f"{' jax' if backend == 'jax' else ''}"
        )


def _checked(store: ArtifactStore, name: str, architecture: str) -> "Model":
    """The architecture, which must be that of the published model."""
    check_libraries()
    with quiet_import():
        from core.codecs.trained_model import model_key
        from core.models.training.reduction import check_is_of
        from core.models.training.request import Request, model_of

        model = model_of(Request(architecture, name, start="resume"))
    check_is_of(store.open(model_key(name)), name, architecture)
    return model
