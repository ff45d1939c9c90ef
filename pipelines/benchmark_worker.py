"""A process of the benchmark's own: does what it is told and says how long that took.

Started as `python -m pipelines.benchmark_worker CORES`; see `pipelines.benchmark_messages`.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from core.codecs import CodecFamily, get_family
from core.codecs.base import Codec
from core.evaluation import evaluate, timed
from core.images import Image
from core.metrics import metrics
from core.store import ArtifactStore
from pipelines.benchmark_messages import Answer, Handle, forget_peak, memory, work


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


def make_handle(cores: int) -> Handle:
    """Answers requests; what is to be warm is done once before it is measured."""
    seen: set[tuple[Any, ...]] = set()

    def handle(facts: dict[str, Any], data: bytes) -> Answer:
        job = _Job(facts, data, ArtifactStore.default(), cores)
        touched = tuple(facts.get(name) for name in ("method", "operation", "width", "height"))
        if facts.get("start") == "warm" and touched not in seen:
            job.run()
            seen.add(touched)
        return job.measured()

    return handle


class _Job:
    def __init__(self, facts: dict[str, Any], data: bytes, store: ArtifactStore, cores: int):
        self._facts, self._data, self._store, self._cores = facts, data, store, cores

    def measured(self) -> Answer:
        """Answer with the memory before and the most memory in between."""
        before = memory("VmRSS")
        forget_peak()
        answer = self.run()
        found = {"baseline_bytes": before, "peak_bytes": memory("VmHWM")}
        return Answer(answer.facts | found, answer.data)

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


if __name__ == "__main__":
    work(make_handle)
