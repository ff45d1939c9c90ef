"""A measuring process of the benchmark: runs requested operations and reports their times.

Started by `pipelines.benchmark.process`; the messages are those of `core.jobs.messages`.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from core.codecs import Codec, get_codec
from core.codecs.base import OperatingPoint
from core.evaluation.evaluate import evaluate, timed
from core.images import Image
from core.jobs.messages import Answer, Handle
from core.metrics import metrics
from core.store import ArtifactStore
from pipelines.benchmark.measuring import forget_peak, memory, work


def benchmarked_point(codec: Codec, store: ArtifactStore, *, threads: int = 1) -> OperatingPoint:
    """Operating point of a codec at its default setting, with so many threads if it has that knob.

    Raises:
        MissingArtifact: The codec's model is not trained.
    """
    if codec.at is not None and codec.dial is not None:
        point = codec.at(codec.dial.default, store)
    else:
        point = codec.sweep(store)[0]
    if not _has_thread_knob(point):
        return point
    widened: OperatingPoint = replace(point, threads=threads)  # type: ignore[type-var]
    return widened


def can_use_threads(codec: Codec, point: OperatingPoint) -> bool:
    """Whether a codec is any faster with a second core."""
    return codec.kind == "learned" or _has_thread_knob(point)


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

        return Answer({"models": {name: model.label for name, model in models().items()}})

    def _train(self) -> Answer:
        from core.models.training.speed import seconds_per_image

        return Answer({"train": seconds_per_image(self._facts["method"])})

    def _encode(self) -> Answer:
        data, seconds = timed(self._point().encode, self._image())
        return Answer({"encode": seconds, "file_bytes": len(data)}, data)

    def _decode(self) -> Answer:
        _, seconds = timed(self._point().decode, self._data)
        return Answer({"decode": seconds, "file_bytes": len(self._data)})

    def _code(self) -> Answer:
        point = self._point()
        data, encode_seconds = timed(point.encode, self._image())
        _, decode_seconds = timed(point.decode, data)
        facts = {"encode": encode_seconds, "decode": decode_seconds, "file_bytes": len(data)}
        return Answer(facts)

    def _evaluate(self) -> Answer:
        chosen = {name: metric for name, metric in metrics().items() if not metric.ON_SUBSET_ONLY}
        point, image = self._point(), self._image()
        found, seconds = timed(evaluate, point, image, image_id="benchmark", metrics=chosen)
        error = found.record.error
        return Answer({"error": error} if error else {"evaluate": seconds})

    def _point(self) -> OperatingPoint:
        codec = get_codec(self._facts["method"])
        return benchmarked_point(codec, self._store, threads=self._cores)

    def _image(self) -> Image:
        shape = (self._facts["height"], self._facts["width"], 3)
        return np.frombuffer(self._data, np.uint8).reshape(shape)


def _has_thread_knob(point: OperatingPoint) -> bool:
    return is_dataclass(point) and any(field.name == "threads" for field in fields(point))


if __name__ == "__main__":
    work(make_handle)
