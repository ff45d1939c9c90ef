"""CompressAI's bmshj2018-factorized, run by a Python that has CompressAI.

Started by `core.codecs.external.other_python`, never by hand.
"""

import struct
from functools import lru_cache
from typing import Any

import compressai
import torch
from compressai.models import FactorizedPrior
from compressai.zoo.pretrained import load_pretrained

from core.jobs.model_server import Pixels, serve_model

#: Quality, width and height come before the range-coded latents.
_HEADER = struct.Struct(">BHH")
#: The analysis transform halves the image four times.
_STRIDE = 16


def _network_of(model: dict[str, Any], quality: int) -> Any:
    """Network of a quality.

    Raises:
        LookupError: There is no checkpoint of that quality.
    """
    weights = model["weights"]
    if str(quality) not in weights:
        raise LookupError(f"no checkpoint of quality {quality} here, only of {', '.join(weights)}")
    return _network(weights[str(quality)])


@lru_cache(maxsize=8)
def _network(weights: str) -> Any:
    """Network of a checkpoint; one that holds anything but tensors is refused by PyTorch."""
    state = torch.load(weights, map_location="cpu", weights_only=True)
    network = FactorizedPrior.from_state_dict(load_pretrained(state.get("state_dict", state)))
    network.eval().update()
    return network


@torch.no_grad()  # type: ignore[untyped-decorator]
def encode(model: dict[str, Any], pixels: Pixels) -> bytes:
    """Payload of an image."""
    height, width = pixels.height, pixels.width
    levels = torch.frombuffer(bytearray(pixels.data), dtype=torch.uint8).view(height, width, 3)
    image = levels.permute(2, 0, 1)[None] / 255.0
    below, right = -height % _STRIDE, -width % _STRIDE
    padded = torch.nn.functional.pad(image, (0, right, 0, below), mode="replicate")
    network = _network_of(model, model["quality"])
    ((latents,),) = network.compress(padded)["strings"]
    return _HEADER.pack(model["quality"], width, height) + bytes(latents)


@torch.no_grad()  # type: ignore[untyped-decorator]
def decode(model: dict[str, Any], data: bytes) -> Pixels:
    """Image of a payload."""
    quality, width, height = _HEADER.unpack_from(data)
    shape = (-(-height // _STRIDE), -(-width // _STRIDE))
    network = _network_of(model, quality)
    found = network.decompress([[data[_HEADER.size :]]], shape)["x_hat"][0, :, :height, :width]
    levels = (255.0 * found).round().clamp(0, 255).to(torch.uint8)
    return Pixels(levels.permute(1, 2, 0).contiguous().numpy().tobytes(), height, width)


if __name__ == "__main__":
    torch.set_num_threads(1)
    versions = f"compressai {compressai.__version__}, torch {torch.__version__}"
    serve_model(version=versions, encode=encode, decode=decode)
