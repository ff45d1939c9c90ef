"""Golden streams, damaged in three ways, without end."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np

from core.codecs.bnk import TrainedModel
from core.codecs.bottleneck import CODEC
from core.entropy.bitstream import MAX_PIXELS, Header, pack, unpack
from core.entropy.errors import BitstreamError
from core.entropy.range_coding import SymbolReader
from core.store import ArtifactStore
from tests.load.mutators import GOLDEN, MUTATORS, PAYLOAD_MUTATORS, STREAMS, flip


@dataclass(frozen=True)
class Case:
    """A damaged stream.

    Attributes:
        mutator: What was done to it.
        data: The bytes.
    """

    mutator: str
    data: bytes


def mutations(seed: int) -> Iterator[Case]:
    """Endless cases, the same for the same seed."""
    random = np.random.default_rng(seed)
    streams, whole = list(STREAMS.values()), set(STREAMS.values())
    while True:
        data = bytearray(streams[random.integers(len(streams))])
        mutator = MUTATORS[random.integers(len(MUTATORS))]
        mutator(data, random)
        if bytes(data) not in whole:
            yield Case(mutator.__name__, bytes(data))


def mended(seed: int) -> Iterator[Case]:
    """Endless cases whose checksum holds wherever the payload decodes at all."""
    random = np.random.default_rng(seed)
    streams, whole = list(STREAMS.values()), set(STREAMS.values())
    while True:
        stream = unpack(streams[random.integers(len(streams))])
        payload = bytearray(stream.payload)
        mutator = PAYLOAD_MUTATORS[random.integers(len(PAYLOAD_MUTATORS))]
        mutator(payload, random)
        data = mend(stream.header, bytes(payload))
        if data not in whole:
            yield Case(f"mended {mutator.__name__}", data)


def mend(header: Header, payload: bytes) -> bytes:
    """File whose checksum holds for what the payload decodes to, whatever bytes follow it."""
    network = TrainedModel(CODEC, "bottleneck", ArtifactStore(GOLDEN)).network()
    try:
        with patch.object(SymbolReader, "finish", lambda self: None):
            symbols = network.decode(payload, header).symbols
    except BitstreamError:
        symbols = ()
    return pack(header, payload, model_digest=network.digest, symbols=symbols)


def large(seed: int) -> Iterator[Case]:
    """Endless cases that claim to be of 1 to 16 megapixels."""
    random = np.random.default_rng(seed)
    streams = list(STREAMS.values())
    while True:
        stream = unpack(streams[random.integers(len(streams))])
        pixels = float(random.uniform(1e6, MAX_PIXELS))
        height = int(np.exp(random.uniform(np.log(32), np.log(pixels / 32))))
        header = dataclasses.replace(stream.header, width=int(pixels / height), height=height)
        payload = bytearray(stream.payload)
        if random.integers(2):
            flip(payload, random)
        digest = bytes(32)
        yield Case("large", pack(header, bytes(payload), model_digest=digest, symbols=()))


WAYS = {"damaged": mutations, "mended": mended, "large": large}
