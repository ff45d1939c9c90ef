"""Damaged files of the learned codec, in any number: `python -m tests.load.fuzz --cases 1000000`.

Each case is a golden stream, mutated, in one of three ways:

- `damaged`: the checksum is that of the whole stream;
- `mended`: the checksum is made to hold for whatever the payload decodes to;
- `large`: the header claims 1 to 16 megapixels.

It must be refused by a `BitstreamError`, and soon; a mended one may be accepted where it is byte
for byte what an encoder writes for its symbols. What is not refused is written to `tests/corpus/`,
which the tests replay. The outcome goes to `artifacts/reliability/`. The exit status is 1 where a
case was not refused as it should be.
"""

import argparse
import hashlib
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from unittest.mock import patch

from rich.progress import track

from core.codecs.bnk import TrainedModel
from core.codecs.bottleneck import CODEC, at
from core.entropy.bitstream import unpack
from core.entropy.errors import BitstreamError
from core.entropy.range_coding import SymbolReader
from core.store import ArtifactStore
from tests.load.damaged_streams import WAYS
from tests.load.mutators import GOLDEN, STREAMS
from tests.load.outcomes import commit_outcomes

TESTS = Path(__file__).parents[1]
CORPUS = TESTS / "corpus"
#: A refusal must not take longer.
MAX_SECONDS = 1.0
_CHUNK = 2000
_NAME_LENGTH = 16


@dataclass
class Outcome:
    """What became of many cases.

    Attributes:
        cases: How many there were.
        refused: How many by each class of error.
        rewritten: How many mended ones were accepted because an encoder writes the same bytes.
        mutated: How many by each mutator.
        faults: What was not refused, with the name of its file in the corpus.
        slow: What took too long.
        slowest_seconds: Most processor time that one took; a busy machine does not change it.
        seconds: Processor time of all, summed over processes.
        max_megabytes: Most memory of a process.
    """

    cases: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    rewritten: int = 0
    mutated: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    seconds: float = 0.0
    max_megabytes: float = 0.0

    def add(self, other: "Outcome") -> None:
        """Takes in what became of further cases."""
        self.cases += other.cases
        self.refused += other.refused
        self.rewritten += other.rewritten
        self.mutated += other.mutated
        self.faults += other.faults
        self.slow += other.slow
        self.seconds += other.seconds
        self.slowest_seconds = max(self.slowest_seconds, other.slowest_seconds)
        self.max_megabytes = max(self.max_megabytes, other.max_megabytes)


def run_chunk(seed: int, *, count: int, way: str = "damaged") -> Outcome:
    """What becomes of so many cases of a seed."""
    point, outcome = at(50, ArtifactStore(GOLDEN)), Outcome()
    for case in islice(WAYS[way](seed), count):
        started = time.process_time()
        verdict = _verdict(lambda data=case.data: point.decode(data))
        seconds = time.process_time() - started
        outcome.cases += 1
        outcome.mutated[case.mutator] += 1
        outcome.seconds += seconds
        outcome.slowest_seconds = max(outcome.slowest_seconds, seconds)
        if verdict.startswith("refused "):
            outcome.refused[verdict.removeprefix("refused ")] += 1
        elif verdict == "accepted" and way == "mended" and _is_rewritten(case.data):
            outcome.rewritten += 1
        else:
            outcome.faults.append(f"{verdict}: {_keep(case.data)}")
        if seconds > MAX_SECONDS:
            outcome.slow.append(f"{case.mutator}, {seconds:.2f} s")
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome.max_megabytes = kilobytes / 1024
    return outcome


def _is_rewritten(data: bytes) -> bool:
    """Whether an encoder writes these bytes for the symbols that they decode to."""
    written: list[bytes] = []
    finish = SymbolReader.finish

    def record(reader: SymbolReader) -> None:
        finish(reader)
        written.append(reader._writer.finish())

    stream = unpack(data)
    network = TrainedModel(CODEC, "bottleneck", ArtifactStore(GOLDEN)).network()
    with patch.object(SymbolReader, "finish", record):
        network.decode(stream.payload, stream.header)
    return written == [stream.payload]


def _verdict(decode: Callable[[], object]) -> str:
    try:
        decode()
    except BitstreamError as error:
        return f"refused {type(error).__name__}"
    except BaseException as error:  # a panic of a library in Rust is no Exception
        return f"foreign {type(error).__name__}"
    return "accepted"


def _keep(data: bytes) -> str:
    """Name of the file in the corpus."""
    CORPUS.mkdir(exist_ok=True)
    name = hashlib.sha256(data).hexdigest()[:_NAME_LENGTH]
    (CORPUS / f"{name}.bnk").write_bytes(data)
    return name


def run(*, cases: int, seed: int, jobs: int, way: str = "damaged") -> Outcome:
    """What becomes of all cases, on so many processes."""
    whole = Outcome()
    counts = [min(_CHUNK, cases - start) for start in range(0, cases, _CHUNK)]
    with ProcessPoolExecutor(jobs) as pool:
        parts = [
            pool.submit(partial(run_chunk, seed + number, count=count, way=way))
            for number, count in enumerate(counts)
        ]
        for part in track(parts, description=f"Files, {way}"):
            whole.add(part.result())
    return whole


def main() -> int:
    """Exit status."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--cases", type=int, default=1_000_000, help="damaged files")
    parser.add_argument("--mended", type=int, default=100_000, help="with mended checksums")
    parser.add_argument("--large", type=int, default=10_000, help="of 1 to 16 megapixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    counts = {"damaged": given.cases, "mended": given.mended, "large": given.large}
    outcomes = {
        way: run(cases=count, seed=given.seed, jobs=given.jobs, way=way)
        for way, count in counts.items()
        if count
    }
    found = {
        way: {**vars(outcome), "seed": given.seed, "golden_streams": len(STREAMS)}
        for way, outcome in outcomes.items()
    }
    print(commit_outcomes("bitstreams", found), end="")
    return 1 if any(outcome.faults or outcome.slow for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
