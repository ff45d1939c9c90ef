"""Makes the small model and the streams that the tests decode.

The model is that of `core.models.bottleneck.network` in miniature, its weights drawn from a seed
and not trained, so that the streams stay as they are when the real model is trained anew. Run it
only when the format itself changes: what it writes is committed, and every change of it is a break.
"""

import dataclasses
import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import numpy as np

from core.codecs.bnk import TrainedModel
from core.codecs.bottleneck import CODEC, at
from core.codecs.onnx_network import OnnxNetwork
from core.dataset.splits import sample_images
from core.entropy.bitstream import unpack
from core.images import Image
from core.models.bottleneck import network as bottleneck
from core.models.bottleneck.network import Bottleneck
from core.models.training.onnx_export import export_networks
from core.store import ArtifactStore
from tests.core.models.tiny import MINIATURE

FOLDER = Path(__file__).resolve().parent / "golden"
QUALITIES = (1, 25, 50, 75, 100)
SMALL = dataclasses.replace(
    MINIATURE, channels=16, width=4, deep_width=4, entropy_width=12, seed=160
)


def photograph_pieces() -> Image:
    """Pieces of the built-in photographs, uint8, shape (count, 64, 64, 3)."""
    return np.stack(
        [
            photograph[top : top + 64, left : left + 64]
            for photograph in sample_images().values()
            for top in range(0, photograph.shape[0] - 63, 64)
            for left in range(0, photograph.shape[1] - 63, 64)
        ]
    )


def images() -> dict[str, Image]:
    """The twelve images by name."""
    photographs = list(sample_images().values())
    random = np.random.default_rng(160)
    ramp = np.broadcast_to(np.arange(0, 255, 4, dtype=np.uint8)[:, np.newaxis], (48, 64, 1))
    return {
        "flat": np.full((160, 160, 3), (90, 120, 60), np.uint8),
        "black": np.zeros((33, 31, 3), np.uint8),
        "noise": random.integers(0, 256, (40, 56, 3), dtype=np.uint8),
        "checks": np.kron(np.indices((9, 13)).sum(0) % 2, np.ones((5, 5)))[..., np.newaxis]
        .repeat(3, axis=-1)
        .astype(np.uint8)
        * 255,
        "ramp": np.concatenate([ramp.reshape(48, 64, 1)] * 3, axis=-1),
        "dot": np.array([[[200, 30, 90]]], np.uint8),
        "row": photographs[0][40:41, :83],
        "column": photographs[0][:77, 50:51],
        "odd": photographs[1][10:107, 20:151],
        "square": photographs[0][100:260, 100:260],
        "wide": photographs[2][30:62, 5:165],
        "tall": photographs[1][60:156, 200:248],
    }


def small_model() -> Bottleneck:
    """The model: a block-transform codec whose predictions are random but tame."""
    keras.utils.set_random_seed(SMALL.seed)
    model = bottleneck.build(SMALL)
    model.initialise(photograph_pieces())
    random = np.random.default_rng(SMALL.seed)
    for variable in model.entropy.trainable_variables:
        spread = 0.01 if "gains" in variable.path else 0.03
        variable.assign(variable + spread * random.normal(size=variable.shape))
    for network, name in ((model.analysis, "analysis_last"), (model.synthesis, "synthesis_last")):
        kernel = network.get_layer(name).kernel
        kernel.assign(0.01 * random.normal(size=kernel.shape))
    return model


def write_model(store: ArtifactStore) -> None:
    """Commits the model."""
    model = small_model()
    exported = export_networks(model)
    networks = {name: OnnxNetwork(data) for name, data in exported.items()}
    files = {f"{name}.onnx": data for name, data in exported.items()}
    validation = photograph_pieces()[::8]
    files |= model.companions(networks, validation)
    facts = model.card_facts(files, validation)
    files["card.json"] = (json.dumps(facts, indent=2) + "\n").encode()
    print(facts)
    named = {f"bottleneck/{name}": data for name, data in files.items()}
    store.commit("models/bottleneck", named, facts={"model": "bottleneck in miniature"})


def write_streams(store: ArtifactStore) -> None:
    """Writes each image at each quality, and what the files hold."""
    folder = FOLDER / "streams"
    folder.mkdir(parents=True, exist_ok=True)
    network, held = TrainedModel(CODEC, "bottleneck", store).network(), {}
    for name, image in images().items():
        for quality in QUALITIES:
            data = at(quality, store).encode(image)
            (folder / f"{name}_{quality}.bnk").write_bytes(data)
            height, width = image.shape[:2]
            decoded = network.coder_at(quality).decode(
                unpack(data).payload, rows=2 * -(-height // 32), columns=2 * -(-width // 32)
            )
            digest = hashlib.sha256(b"".join(s.astype("<i2").tobytes() for s in decoded.symbols))
            held[f"{name}_{quality}"] = digest.hexdigest()
    (FOLDER / "symbols.json").write_text(json.dumps(held, indent=2) + "\n", encoding="utf-8")


def renew_corpus(store: ArtifactStore) -> None:
    """Lets the damaged files of the corpus name the model, so that what else is wrong is found."""
    model_id = TrainedModel(CODEC, "bottleneck", store).network().model.digest[:2]
    for path in (FOLDER.parent / "corpus").glob("*.bnk"):
        data = path.read_bytes()
        if len(data) >= 4:
            path.write_bytes(data[:2] + model_id + data[4:])


if __name__ == "__main__":
    golden = ArtifactStore(FOLDER)
    if "--streams-only" not in sys.argv:
        write_model(golden)
    write_streams(golden)
    renew_corpus(golden)
