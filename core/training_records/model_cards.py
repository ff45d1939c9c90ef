"""Reads trained models: card, files, model id and entropy tables.

Nothing here imports Keras: a model is its ONNX files, its tables and its card.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.codecs import Codec, codecs
from core.codecs.bnk import TrainedModel
from core.entropy.latent_tables import LatentTables
from core.entropy.tables import PRECISION_BITS
from core.store import Artifact, ArtifactError, ArtifactStore, Manifest, MissingArtifact
from core.store.key import is_name
from core.training_records.model_card import ModelCard, read_card

PREFIX = "models/"
_HISTORIES = "histories/"


class Cards(NamedTuple):
    """The models of a store.

    Attributes:
        cards: Those that can be read, by name.
        problems: One error for each that is damaged.
        untrained: One error for each learned codec whose model is missing.
    """

    cards: dict[str, ModelCard]
    problems: tuple[ArtifactError, ...]
    untrained: tuple[MissingArtifact, ...]


class FileCheck(NamedTuple):
    """A file of a model, verified against its manifest.

    Attributes:
        name: Name of the file.
        bytes: Size in the manifest.
        sha256: Digest in the manifest.
        fault: What is wrong with the file; None if it is intact.
    """

    name: str
    bytes: int
    sha256: str
    fault: str | None


def learned_codecs() -> dict[str, Codec]:
    """Codecs that need a trained model, by name."""
    return {name: codec for name, codec in codecs().items() if codec.learned is not None}


def read_cards(store: ArtifactStore) -> Cards:
    """All models of the store; damaged ones are listed as problems."""
    cards: dict[str, ModelCard] = {}
    problems: list[ArtifactError] = []
    untrained: list[MissingArtifact] = []
    names = {key.removeprefix(PREFIX) for key in store.keys(PREFIX)} | set(learned_codecs())
    for name in sorted(filter(is_name, names)):
        try:
            cards[name] = store.load(f"{PREFIX}{name}", read_card)
        except MissingArtifact as error:
            (problems if store.exists(f"{PREFIX}{name}") else untrained).append(error)
        except ArtifactError as error:
            problems.append(error)
    return Cards(cards, tuple(problems), tuple(untrained))


def check_files(store: ArtifactStore, model: ModelCard) -> list[FileCheck]:
    """Verifies every file of a model against the sha256 in its manifest."""
    return [
        FileCheck(name, entry.bytes, entry.sha256, _fault(store, model, name))
        for name, entry in sorted(model.manifest.files.items())
    ]


def history_of_another(store: ArtifactStore, model: ModelCard) -> Manifest | None:
    """Manifest of the history of a model's name, where another training wrote it; else None.

    From the first epoch of a training that is to replace a model to its end, the history is
    already of the new one.
    """
    try:
        history = store.manifest(f"{_HISTORIES}{model.name}")
    except ArtifactError:
        return None
    runs = [manifest.facts.get("run") or "" for manifest in (history, model.manifest)]
    return history if runs[0] != runs[1] else None


def model_id(codec: Codec, store: ArtifactStore) -> str:
    """Model id in the header of the codec's files: two bytes, in hexadecimal.

    Raises:
        ArtifactError: The model cannot be read.
        ValueError: The codec has no model.
    """
    if codec.learned is None:
        raise ValueError(f"{codec.name} has no model.")
    return TrainedModel(codec.learned, codec.name, store).digest()[:2].hex()


def read_tables(store: ArtifactStore, name: str) -> LatentTables | None:
    """Entropy tables of a model; None for a model without static tables.

    Raises:
        ArtifactError: They cannot be read.
    """
    file = f"{name}/tables.npz"

    def read(artifact: Artifact) -> LatentTables | None:
        if file not in artifact.manifest.files:
            return None
        found: LatentTables = artifact.parsed(
            file, LatentTables.from_bytes, reason="holds other tables"
        )
        return found

    return store.load(f"{PREFIX}{name}", read)


def channel_bits(tables: LatentTables, quality: int) -> NDArray[np.float64]:
    """Entropy of each channel's table in bits per symbol, shape (channels,).

    This is the expected code length of the channel's symbols on images like the validation images,
    to which the tables were fitted.
    """
    probabilities = (tables.at(quality).tables.astype(np.float64) + 1) / 2**PRECISION_BITS
    bits: NDArray[np.float64] = -(probabilities * np.log2(probabilities)).sum(axis=1)
    return bits


def measured_channel_bits(model: ModelCard) -> dict[int, NDArray[np.float64]]:
    """Mean bits per symbol of each channel on validation images, by quality.

    Empty if the model's card has no such entry.
    """
    return {quality: np.asarray(bits, np.float64) for quality, bits in model.channel_bits.items()}


def _fault(store: ArtifactStore, model: ModelCard, name: str) -> str | None:
    try:
        store.path(f"{PREFIX}{model.name}", name)
    except ArtifactError as error:
        return error.reason
    return None
