"""Removes from a published model what its decoder and the single pass of its encoder do without."""

from collections.abc import Collection, Mapping

from core.codecs.bottleneck import REFINEMENT
from core.codecs.trained_model import model_key
from core.errors import Refusal
from core.models import get_model
from core.store import Artifact, ArtifactStore

#: Weights that no exported network holds.
WEIGHTS = "weights.npz"

#: The file that can be left out, by what needs it.
REMOVABLE: Mapping[str, str] = {"effort": REFINEMENT, "training": WEIGHTS}


def reduce_model(store: ArtifactStore, name: str, uses: Collection[str]) -> tuple[str, ...]:
    """Names of the files that were removed from a published model.

    Its other files stay equal to the byte, so that its id, its results and the files that it wrote
    stay valid.

    Args:
        store: Where the model is.
        name: Name of the trained model.
        uses: What the model is no longer needed for, keys of `REMOVABLE`.

    Raises:
        ArtifactError: The model is missing or damaged.
        Refusal: It has none of these files.
    """
    found = store.manifest(model_key(name)).files
    files = sorted(REMOVABLE[use] for use in uses)
    removed = tuple(file for file in files if f"{name}/{file}" in found)
    if not removed:
        raise Refusal(f"{name} has no {' and no '.join(files)}, so there is nothing to remove.")
    store.leave_out(model_key(name), [f"{name}/{file}" for file in removed])
    return removed


def check_is_of(published: Artifact, name: str, architecture: str) -> None:
    """Checks that a published model is one of an architecture.

    Args:
        published: The model.
        name: Name of the trained model.
        architecture: The architecture that was given for it.

    Raises:
        Refusal: It is of another one.
    """
    found = str(published.facts.get("architecture", name))
    if found != architecture:
        raise Refusal(f"{name} is a model of {found}; received {architecture}.")


def check_has_weights(published: Artifact, name: str) -> None:
    """Checks that a published model has all its weights.

    Args:
        published: The model.
        name: Name of the trained model.

    Raises:
        Refusal: They were left out.
    """
    if f"{name}/{WEIGHTS}" in published.manifest.files:
        return
    raise Refusal(
        f"{name} is published without {WEIGHTS}, to save space: it encodes at effort 0 and "
        "decodes, but --resume and --finetune have nothing to go on from and --complete has "
        f"nothing to make files of. Train it anew with `{_command(published, name)}`."
    )


def _command(published: Artifact, name: str) -> str:
    """Command that trains a model with all its files, in the place of the reduced one."""
    architecture = str(published.facts.get("architecture", name))
    preset = f" --preset {name}" if name in get_model(architecture).presets else ""
    own = "" if name == architecture else f" --name {name}"
    return f"python -m pipelines.train {architecture}{preset}{own} --replace"
