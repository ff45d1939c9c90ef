"""Why a bitstream is refused: one family of errors, and nothing outside it."""

from core.errors import CodecError


class BitstreamError(CodecError):
    """A bitstream that is refused. No image, not even a part of one, is returned for it."""


class NotThisFormat(BitstreamError):
    """The bytes are not a Bottleneck bitstream at all."""


class UnsupportedVersion(BitstreamError):
    """The bitstream is of a version or uses a flag that this program does not know."""


class UnknownModel(BitstreamError):
    """The bitstream was made by a model that is not here."""


class TruncatedStream(BitstreamError):
    """The bytes end too early."""


class CorruptStream(BitstreamError):
    """The bytes were changed after they were written."""


class LimitExceeded(BitstreamError):
    """The image is larger than what this program agrees to decode."""
