"""What a model holds after each of its steps, from its card."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from core.training_records.model_cards import ModelCard

_IMAGE_CHANNELS = 3
_ACTIVATIONS = {"relu": "ReLU", "leaky_relu": "leaky ReLU"}


class Layer(NamedTuple):
    """What a model holds after one of its steps, for an image of 160x160.

    Attributes:
        step: The step in words.
        height: Rows.
        width: Columns.
        channels: Channels.
        part: `image`, `encoder`, `latent` or `decoder`.
    """

    step: str
    height: int
    width: int
    channels: int
    part: str

    @property
    def values(self) -> int:
        """Numbers that it holds."""
        return self.height * self.width * self.channels


def layers(model: ModelCard) -> list[Layer]:
    """Steps of a model from image to image; none for one of an unknown build."""
    config = model.card.get("config", {})
    if not model.latent:
        return []
    if config.get("filters"):
        return _autoencoder(model, config["filters"], config)
    if "analysis_blocks" in config:
        return _transform_codec(*model.latent, stride=int(model.card["stride"]), config=config)
    return []


def _transform_codec(
    rows: int, columns: int, channels: int, *, stride: int, config: Mapping[str, Any]
) -> list[Layer]:
    """The learned codec; its entropy model, which makes bytes of the latent, is not among these."""
    sides = {scale: (rows * stride // scale, columns * stride // scale) for scale in (1, 8, 16)}
    width, deep = config["width"], config["deep_width"]
    (fine_in, deep_in), (fine_out, deep_out) = config["analysis_blocks"], config["synthesis_blocks"]
    block = f"block transform of {stride}x{stride}"
    image = (*sides[1], _IMAGE_CHANNELS, "image")
    return [
        Layer("Image", *image),
        Layer("8x8 squares, 1x1 convolution", *sides[8], width, "encoder"),
        *_blocks(fine_in, *sides[8], width, "encoder"),
        Layer("3x3 convolution, stride 2", *sides[16], deep, "encoder"),
        *_blocks(deep_in, *sides[16], deep, "encoder"),
        Layer(f"1x1 convolution, plus a {block}: the latent", rows, columns, channels, "latent"),
        Layer("1x1 convolution", *sides[16], deep, "decoder"),
        *_blocks(deep_out, *sides[16], deep, "decoder"),
        Layer("1x1 convolution, doubling", *sides[8], width, "decoder"),
        *_blocks(fine_out, *sides[8], width, "decoder"),
        Layer(f"3x3 convolution, plus the inverse {block}", *image),
    ]


def _blocks(count: int, height: int, width: int, channels: int, part: str) -> list[Layer]:
    """Blocks as one layer, or none."""
    label = f"{count} residual block{'s' if count != 1 else ''}"
    return [Layer(label, height, width, channels, part)] if count else []


def _autoencoder(model: ModelCard, filters: list[int], config: Mapping[str, Any]) -> list[Layer]:
    rows, columns = (model.latent or (0, 0))[:2]
    stride = int(model.card["stride"])
    height, width = rows * stride, columns * stride
    activation = _ACTIVATIONS.get(
        str(config.get("activation")), str(config.get("activation", "activation"))
    )
    first = Layer("Image", height, width, _IMAGE_CHANNELS, "image")
    encoder = _encoder(filters, activation, height, width)
    return [first, *encoder, *_decoder(filters, activation, rows, columns)]


def _encoder(filters: list[int], activation: str, height: int, width: int) -> list[Layer]:
    found = []
    for depth, channels in enumerate(filters):
        rows, columns = height >> depth, width >> depth
        step = f"3x3 convolution, {activation}"
        found.append(Layer(step, rows, columns, channels, "encoder"))
        part = "latent" if depth + 1 == len(filters) else "encoder"
        name = "2x2 max-pooling: the latent" if part == "latent" else "2x2 max-pooling"
        found.append(Layer(name, rows // 2, columns // 2, channels, part))
    return found


def _decoder(filters: list[int], activation: str, height: int, width: int) -> list[Layer]:
    found = []
    for depth, channels in enumerate(reversed(filters)):
        rows, columns = height << depth, width << depth
        step = f"Transposed convolution, {activation}"
        found.append(Layer(step, rows, columns, channels, "decoder"))
        found.append(Layer("Doubling", 2 * rows, 2 * columns, channels, "decoder"))
    last = found[-1]
    step = "3x3 convolution to the image"
    return [*found, Layer(step, last.height, last.width, _IMAGE_CHANNELS, "image")]
