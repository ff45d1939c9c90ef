"""A process that times CompressAI, run by a Python that has it: `pipelines.benchmark --baselines`.

Started by `pipelines.benchmark.process`. The networks have random weights, because the time does
not depend on the weights. Every call starts and ends with uint8 pixels.
"""

import time
from typing import Any

import compressai.zoo
import numpy as np
import torch

from core.jobs.messages import Answer, Handle
from pipelines.benchmark.measuring import work

#: The networks halve the image six times.
_STRIDE = 64


def make_handle(cores: int) -> Handle:
    """Answers `code` requests: a model of the zoo, its quality, and an image."""
    torch.set_num_threads(cores)
    torch.manual_seed(0)
    models: dict[tuple[str, int], Any] = {}

    def handle(facts: dict[str, Any], data: bytes) -> Answer:
        height, width = facts["height"], facts["width"]
        image = np.frombuffer(data, np.uint8).reshape(height, width, 3)
        key = (facts["model"], facts["quality"])
        if key not in models:
            models[key] = _make(*key)
            _code(models[key], image)
        return Answer(_code(models[key], image))

    return handle


def _make(name: str, quality: int) -> Any:
    model = getattr(compressai.zoo, name)(quality=quality, pretrained=False).eval()
    model.update(force=True)
    return model


@torch.no_grad()  # type: ignore[untyped-decorator]
def _code(model: Any, image: Any) -> dict[str, float]:
    """Seconds to encode and to decode an image."""
    height, width, _ = image.shape
    started = time.perf_counter()
    pixels = torch.from_numpy(image.copy()).permute(2, 0, 1)[None] / 255.0
    missing = (-width % _STRIDE, -height % _STRIDE)
    coded = model.compress(torch.nn.functional.pad(pixels, (0, missing[0], 0, missing[1])))
    encoded = time.perf_counter()
    found = model.decompress(coded["strings"], coded["shape"])["x_hat"]
    levels = (255.0 * found).round().clamp(0, 255).to(torch.uint8)
    levels[0, :, :height, :width].permute(1, 2, 0).contiguous().numpy()
    decoded = time.perf_counter()
    return {"encode": encoded - started, "decode": decoded - encoded}


if __name__ == "__main__":
    work(make_handle)
