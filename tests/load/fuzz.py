"""Damaged files of the learned codec, in any number: `python -m tests.load.fuzz --cases 1000000`.

Each case is a golden stream, mutated; it must be refused by a `BitstreamError`, and soon. What is
not refused is written to `tests/corpus/`, which the tests replay. The outcome goes to
`artifacts/reliability/`. The exit status is 1 where a case was not refused as it should be.
"""

import argparse
import hashlib
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from rich.progress import track

from core.codecs.bottleneck import at
from core.entropy.errors import BitstreamError
from core.store import ArtifactStore

TESTS = Path(__file__).parents[1]
GOLDEN, CORPUS = TESTS / "golden", TESTS / "corpus"
KEY = "reliability/bitstreams"
STREAMS = {path.stem: path.read_bytes() for path in sorted((GOLDEN / "streams").glob("*.bnk"))}
#: A refusal must not take longer.
MOST_SECONDS = 1.0
_CHUNK = 2000
_NAME_LENGTH = 16

Mutator = Callable[[bytearray, np.random.Generator], None]


def flip(data: bytearray, random: np.random.Generator) -> None:
    """One bit is another."""
    data[random.integers(len(data))] ^= 1 << int(random.integers(8))


def overwrite(data: bytearray, random: np.random.Generator) -> None:
    """Up to four bytes are others."""
    start = int(random.integers(len(data)))
    data[start : start + 4] = random.bytes(min(4, len(data) - start))


def truncate(data: bytearray, random: np.random.Generator) -> None:
    """The end is missing."""
    del data[int(random.integers(len(data))) :]


def append(data: bytearray, random: np.random.Generator) -> None:
    """Something follows."""
    data += random.bytes(int(random.integers(1, 9)))


def delete(data: bytearray, random: np.random.Generator) -> None:
    """Bytes in the middle are missing."""
    start = int(random.integers(len(data)))
    del data[start : start + int(random.integers(1, 5))]


def splice(data: bytearray, random: np.random.Generator) -> None:
    """The end is that of another stream."""
    other = list(STREAMS.values())[random.integers(len(STREAMS))]
    cut = int(random.integers(1, len(data)))
    data[cut:] = other[cut:]


def replace_payload(data: bytearray, random: np.random.Generator) -> None:
    """The header is whole and the rest is noise."""
    data[13:] = random.bytes(max(1, len(data) - 13))


def replace_header(data: bytearray, random: np.random.Generator) -> None:
    """Quality, size or check are noise."""
    data[4:9] = random.bytes(5)


MUTATORS: tuple[Mutator, ...] = (
    flip, overwrite, truncate, append, delete, splice, replace_payload, replace_header,
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A damaged stream.

    Attributes:
        mutator: What was done to it.
        data: The bytes.
    """

    mutator: str
    data: bytes


@dataclass
class Outcome:
    """What became of many cases.

    Attributes:
        cases: How many there were.
        refused: How many by each class of error.
        mutated: How many by each mutator.
        faults: What was not refused, with the name of its file in the corpus.
        slow: What took too long.
        slowest_seconds: Most processor time that one took; a busy machine does not change it.
        seconds: Processor time of all, summed over processes.
        largest_megabytes: Most memory of a process.
    """

    cases: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    mutated: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    seconds: float = 0.0
    largest_megabytes: float = 0.0

    def add(self, other: "Outcome") -> None:
        """Takes in what became of further cases."""
        self.cases += other.cases
        self.refused += other.refused
        self.mutated += other.mutated
        self.faults += other.faults
        self.slow += other.slow
        self.seconds += other.seconds
        self.slowest_seconds = max(self.slowest_seconds, other.slowest_seconds)
        self.largest_megabytes = max(self.largest_megabytes, other.largest_megabytes)


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


def run_chunk(seed: int, *, count: int) -> Outcome:
    """What becomes of so many cases of a seed."""
    point, outcome = at(50, ArtifactStore(GOLDEN)), Outcome()
    for case in islice(mutations(seed), count):
        started = time.process_time()
        verdict = _verdict(lambda data=case.data: point.decode(data))
        seconds = time.process_time() - started
        outcome.cases += 1
        outcome.mutated[case.mutator] += 1
        outcome.seconds += seconds
        outcome.slowest_seconds = max(outcome.slowest_seconds, seconds)
        if verdict.startswith("refused "):
            outcome.refused[verdict.removeprefix("refused ")] += 1
        else:
            outcome.faults.append(f"{verdict}: {_keep(case.data)}")
        if seconds > MOST_SECONDS:
            outcome.slow.append(f"{case.mutator}, {seconds:.2f} s")
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome.largest_megabytes = kilobytes / 1024
    return outcome


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


def run(*, cases: int, seed: int, jobs: int) -> Outcome:
    """What becomes of all cases, on so many processes."""
    whole = Outcome()
    counts = [min(_CHUNK, cases - start) for start in range(0, cases, _CHUNK)]
    with ProcessPoolExecutor(jobs) as pool:
        parts = [
            pool.submit(partial(run_chunk, seed + number, count=count))
            for number, count in enumerate(counts)
        ]
        for part in track(parts, description="Damaged files"):
            whole.add(part.result())
    return whole


def main() -> int:
    """Exit status."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    outcome = run(cases=given.cases, seed=given.seed, jobs=given.jobs)
    summary = {**vars(outcome), "seed": given.seed, "golden_streams": len(STREAMS)}
    text = json.dumps(summary, indent=2, sort_keys=True) + "\n"
    ArtifactStore.default().commit(KEY, {"bitstreams.json": text.encode()}, facts={})
    print(text, end="")
    return 1 if outcome.faults or outcome.slow else 0


if __name__ == "__main__":
    sys.exit(main())
