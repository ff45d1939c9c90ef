"""A process of the benchmark's own: does what it is told and says how long that took.

Started as `python -m pipelines.benchmark_worker CORES`. Each request is one line of JSON and then
the bytes that the line announces; so is each answer.
"""

import json
import os
import sys
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from core.codecs import CodecFamily, get_family
from core.codecs.base import Codec
from core.evaluation import evaluate, in_one_line, timed
from core.images import Image
from core.metrics import metrics
from core.store import ArtifactStore


class Answer(NamedTuple):
    """What a call gave.

    Attributes:
        facts: Seconds by operation, and memory; or the error.
        data: Bytes that it gave beside, such as the file.
    """

    facts: dict[str, Any]
    data: bytes = b""


def benchmarked_codec(family: CodecFamily, store: ArtifactStore, *, threads: int = 1) -> Codec:
    """Codec of a family at its usual setting, allowed so many threads if it can use them.

    Raises:
        MissingArtifact: The family's model is not trained.
    """
    if family.at is not None and family.dial is not None:
        codec = family.at(family.dial.default, store)
    else:
        codec = family.sweep(store)[0]
    if not _has_thread_knob(codec):
        return codec
    widened: Codec = replace(codec, threads=threads)  # type: ignore[type-var]
    return widened


def can_use_threads(family: CodecFamily, codec: Codec) -> bool:
    """Whether a codec is any faster with a second core."""
    return family.kind == "learned" or _has_thread_knob(codec)


def send(pipe: BinaryIO, facts: dict[str, Any], data: bytes) -> None:
    """Writes one message."""
    pipe.write(json.dumps({**facts, "length": len(data)}).encode() + b"\n")
    pipe.write(data)
    pipe.flush()


def receive(pipe: BinaryIO) -> Answer | None:
    """Reads one message; None where the other side is gone."""
    line = pipe.readline()
    if not line:
        return None
    facts = json.loads(line)
    data = pipe.read(facts.pop("length"))
    return Answer(facts, data)


def serve(requests: BinaryIO, answers: BinaryIO, *, cores: int) -> None:
    """Answers requests until there are no more."""
    send(answers, {"ready": True}, b"")
    seen: set[tuple[Any, ...]] = set()
    while request := receive(requests):
        facts, data = request
        try:
            job = _Job(facts, data, ArtifactStore.default(), cores)
            touched = (
                facts.get("method"),
                facts["operation"],
                facts.get("width"),
                facts.get("height"),
            )
            if facts.get("start") == "warm" and touched not in seen:
                job.run()
                seen.add(touched)
            answer = job.measured()
        except Exception as error:  # whatever a codec raises is its result
            answer = Answer({"error": in_one_line(error)})
        send(answers, answer.facts, answer.data)


class _Job:
    def __init__(self, facts: dict[str, Any], data: bytes, store: ArtifactStore, cores: int):
        self._facts, self._data, self._store, self._cores = facts, data, store, cores

    def measured(self) -> Answer:
        """Answer with the memory before and the most memory in between."""
        before = _memory("VmRSS")
        _forget_peak()
        answer = self.run()
        memory = {"baseline_bytes": before, "peak_bytes": _memory("VmHWM")}
        return Answer(answer.facts | memory, answer.data)

    def run(self) -> Answer:
        """Answer of the operation that the request names."""
        operation: str = self._facts["operation"]
        answer: Answer = getattr(self, f"_{operation}")()
        return answer

    def _models(self) -> Answer:
        from core.models import models  # Keras: only where it is needed

        return Answer({"models": {name: module.LABEL for name, module in models().items()}})

    def _train(self) -> Answer:
        from core.models.speed import seconds_per_picture

        return Answer({"train": seconds_per_picture(self._facts["method"])})

    def _encode(self) -> Answer:
        data, seconds = timed(self._codec().encode, self._picture())
        return Answer({"encode": seconds, "file_bytes": len(data)}, data)

    def _decode(self) -> Answer:
        _, seconds = timed(self._codec().decode, self._data)
        return Answer({"decode": seconds, "file_bytes": len(self._data)})

    def _code(self) -> Answer:
        codec = self._codec()
        data, encode_seconds = timed(codec.encode, self._picture())
        _, decode_seconds = timed(codec.decode, data)
        facts = {"encode": encode_seconds, "decode": decode_seconds, "file_bytes": len(data)}
        return Answer(facts)

    def _evaluate(self) -> Answer:
        chosen = {name: metric for name, metric in metrics().items() if not metric.ON_SUBSET_ONLY}
        codec, picture = self._codec(), self._picture()
        record, seconds = timed(evaluate, codec, picture, image_id="benchmark", metrics=chosen)
        return Answer({"error": record.error} if record.error else {"evaluate": seconds})

    def _codec(self) -> Codec:
        family = get_family(self._facts["method"])
        return benchmarked_codec(family, self._store, threads=self._cores)

    def _picture(self) -> Image:
        shape = (self._facts["height"], self._facts["width"], 3)
        return np.frombuffer(self._data, np.uint8).reshape(shape)


def _has_thread_knob(codec: Codec) -> bool:
    return is_dataclass(codec) and any(field.name == "threads" for field in fields(codec))


def _memory(name: str) -> int | None:
    """A memory figure of this process in bytes, from Linux; None on other systems.

    `resource.getrusage` does not serve: its peak is inherited from the process that started this.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{name}:"):
                return 1024 * int(line.split()[1])
    return None


def _forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _keep_to(cores: int) -> None:
    """Lets this process use so many cores only, whatever its libraries think they may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


if __name__ == "__main__":
    chosen_cores = int(sys.argv[1])
    _keep_to(chosen_cores)
    # What a library prints must not get between the answers.
    answer_pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answer_pipe, cores=chosen_cores)
