"""Output shapes of a model's layers.

A model describes its layers (`core.models.base.ImageModel.layer_table`) with the functions here;
the description is stored in its card.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from core.plain_english import counted

_IMAGE_CHANNELS = 3
_ACTIVATIONS = {"relu": "ReLU", "leaky_relu": "leaky ReLU"}


class Layer(NamedTuple):
    """Output of one layer for an image of 160x160.

    Attributes:
        step: Description of the layer.
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
        """Number of values."""
        return self.height * self.width * self.channels


def layers_of_records(records: Iterable[Mapping[str, Any]]) -> tuple[Layer, ...]:
    """Layers from the JSON of a card.

    Raises:
        TypeError, KeyError, ValueError: The JSON does not have the expected form.
    """
    return tuple(
        Layer(
            step=str(record["step"]),
            height=int(record["height"]),
            width=int(record["width"]),
            channels=int(record["channels"]),
            part=str(record["part"]),
        )
        for record in records
    )


def layers_of_config(
    latent: tuple[int, int, int], stride: int, config: Mapping[str, Any]
) -> tuple[Layer, ...]:
    """Layers of a model whose card, written by an earlier version, lacks them.

    Args:
        latent: Rows, columns and channels of the latent.
        stride: Pixels per position of the latent, along each side.
        config: Configuration of the training.
    """
    if config.get("filters"):
        return autoencoder_layers(
            config["filters"],
            str(config.get("activation", "activation")),
            height=latent[0] * stride,
            width=latent[1] * stride,
        )
    if "analysis_blocks" in config:
        return transform_codec_layers(latent, stride=stride, config=config)
    return ()


def transform_codec_layers(
    latent: tuple[int, int, int], *, stride: int, config: Mapping[str, Any]
) -> tuple[Layer, ...]:
    """Layers of the learned codec's transforms, without its entropy model.

    Args:
        latent: Rows, columns and channels of the latent.
        stride: Pixels per position of the latent, along each side.
        config: Fields of its configuration.
    """
    rows, columns, channels = latent
    sides = {scale: (rows * stride // scale, columns * stride // scale) for scale in (1, 8, 16)}
    width, deep = config["width"], config["deep_width"]
    (fine_in, deep_in), (fine_out, deep_out) = config["analysis_blocks"], config["synthesis_blocks"]
    block = f"block transform of {stride}x{stride}"
    image = (*sides[1], _IMAGE_CHANNELS, "image")
    return (
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
    )


def _blocks(count: int, height: int, width: int, channels: int, part: str) -> list[Layer]:
    """Residual blocks as one layer; none for a count of zero."""
    label = counted(count, "residual block")
    return [Layer(label, height, width, channels, part)] if count else []


def autoencoder_layers(
    filters: Sequence[int], activation: str, *, height: int, width: int
) -> tuple[Layer, ...]:
    """Layers of an autoencoder of the thesis.

    Args:
        filters: Filters of its layers, outermost first.
        activation: Name of the activation.
        height: Rows of the image.
        width: Columns of the image.
    """
    shown = _ACTIVATIONS.get(activation, activation)
    rows, columns = height >> len(filters), width >> len(filters)
    first = Layer("Image", height, width, _IMAGE_CHANNELS, "image")
    encoder = _encoder(filters, shown, height, width)
    return (first, *encoder, *_decoder(filters, shown, rows, columns))


def rate_autoencoder_layers(
    filters: Sequence[int],
    latent: tuple[int, int, int],
    *,
    stride: int,
    activation: str,
    kernel: int,
) -> tuple[Layer, ...]:
    """Layers of an autoencoder that is trained for rate: its convolutions have stride 2.

    Args:
        filters: Filters of its layers, outermost first.
        latent: Rows, columns and channels of the latent.
        stride: Pixels per position of the latent, along each side.
        activation: Name of the activation.
        kernel: Rows and columns of the kernels.
    """
    shown, convolution = _ACTIVATIONS.get(activation, activation), f"{kernel}x{kernel} convolution"
    height, width = latent[0] * stride, latent[1] * stride
    found = [Layer("Image", height, width, _IMAGE_CHANNELS, "image")]
    for depth, channels in enumerate(filters[:-1], start=1):
        step = f"{convolution}, stride 2, {shown}"
        found.append(Layer(step, height >> depth, width >> depth, channels, "encoder"))
    found.append(Layer(f"{convolution}, stride 2: the latent", *latent, "latent"))
    for depth, channels in zip(range(len(filters) - 1, -1, -1), filters[::-1], strict=True):
        step = f"{kernel}x{kernel} transposed convolution, stride 2, {shown}"
        found.append(Layer(step, height >> depth, width >> depth, channels, "decoder"))
    last = Layer(f"{convolution} to the image", height, width, _IMAGE_CHANNELS, "image")
    return (*found, last)


def _encoder(filters: Sequence[int], activation: str, height: int, width: int) -> list[Layer]:
    found = []
    for depth, channels in enumerate(filters):
        rows, columns = height >> depth, width >> depth
        step = f"3x3 convolution, {activation}"
        found.append(Layer(step, rows, columns, channels, "encoder"))
        part = "latent" if depth + 1 == len(filters) else "encoder"
        name = "2x2 max-pooling: the latent" if part == "latent" else "2x2 max-pooling"
        found.append(Layer(name, rows // 2, columns // 2, channels, part))
    return found


def _decoder(filters: Sequence[int], activation: str, height: int, width: int) -> list[Layer]:
    found = []
    for depth, channels in enumerate(filters[::-1]):
        rows, columns = height << depth, width << depth
        step = f"Transposed convolution, {activation}"
        found.append(Layer(step, rows, columns, channels, "decoder"))
        found.append(Layer("Doubling", 2 * rows, 2 * columns, channels, "decoder"))
    last = found[-1]
    step = "3x3 convolution to the image"
    return [*found, Layer(step, last.height, last.width, _IMAGE_CHANNELS, "image")]
