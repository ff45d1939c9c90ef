"""Histories of trainings as they lie in a store."""

import numpy as np

from core.store import ArtifactStore
from core.training_records.previews import PREVIEWS, encode_previews

VIEW = "training"
AE80, AE40 = "Autoencoder, 1 layer (80x80)", "Autoencoder, 2 layers (40x40)"
HEADER = "epoch,loss,psnr_db,validation_loss,validation_psnr_db,images,seconds,total_seconds"
CONFIG = {"learning_rate": 0.0015, "batch": 32, "epochs": 100, "patience": 5}


def preview(seed):
    return np.random.default_rng(seed).integers(0, 256, (64, 384, 3), dtype=np.uint8)


def commit(root, name, *, epochs=4, running=None, previews=(), **config):
    rows = [
        f"{epoch},{1 / epoch},{20 + epoch},{1.1 / epoch},{19 + epoch},{100 * epoch},60,{60 * epoch}"
        for epoch in range(1, epochs + 1)
    ]
    text = "\n".join([HEADER, *rows]) + "\n"
    facts = {"model": name, "config": CONFIG | config, "running": running, PREVIEWS: list(previews)}
    files = {f"{name}.csv": text.encode()}
    if previews:
        files[f"{name}.png"] = encode_previews([preview(epoch) for epoch in previews])
    ArtifactStore(root).commit(f"histories/{name}", files, facts=facts)
