"""Why a bitstream is refused: one family of errors, and nothing outside it."""

from core.codecs.base import CodecError


class BitstreamError(CodecError):
    """A bitstream that is refused. No picture, not even a part of one, is returned for it."""


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
    """The picture is larger than what this program agrees to decode."""
