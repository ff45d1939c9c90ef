"""The measurements of one codec at one setting on one image."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Record:
    """One codec at one setting on one image.

    Attributes:
        image: Id of the image.
        codec: Codec.
        setting: Setting in its codec, in words.
        dial: Position of the codec's dial, if it has one.
        width: Width in pixels; None for an image that could not be read.
        height: Height in pixels; None for an image that could not be read.
        bytes: Size of the whole file, headers included; None where there is no valid file.
        bits_per_pixel: 8 x bytes / pixels.
        metrics: Value by metric; None where a metric is not defined for the image. `math.inf`
            is the PSNR of equal images.
        lossless: Whether the decoded image equals the original in every pixel.
        encode_seconds: Time of `encode` alone.
        decode_seconds: Time of `decode` alone.
        metric_seconds: Time of all metrics together.
        error: What went wrong; the measurements above are None then.
    """

    image: str
    codec: str
    setting: str
    dial: float | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    bits_per_pixel: float | None = None
    metrics: dict[str, float | None] = field(default_factory=dict)
    lossless: bool = False
    encode_seconds: float | None = None
    decode_seconds: float | None = None
    metric_seconds: float | None = None
    error: str | None = None
