"""A process that trains, evaluates and measures like the thesis, or like this program.

Started by `pipelines.benchmark.process`. The thesis' way is the usual one with its libraries: every
image as float32 in memory, `fit` on the arrays, `predict` image by image, scikit-image's metrics.
The networks are those described in the thesis.
"""

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2gray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from core.codecs import get_codec
from core.evaluation.evaluate import evaluate, evaluate_reference, timed
from core.jobs.messages import Answer, Handle
from core.metrics import metrics
from core.models import get_model
from core.models.autoencoder.thesis_network import thesis_network
from core.models.base import build_seeded
from core.models.training.feed import ImageFeed, Images
from core.store import ArtifactStore
from pipelines.benchmark.measuring import memory, work
from pipelines.benchmark.worker import benchmarked_point

Floats = NDArray[np.float32]

_FEED_BATCH = 32


class Job(NamedTuple):
    """What to measure.

    Attributes:
        operation: `fit`, `feed`, `evaluate`, `evaluate_file` or `metrics`.
        way: `thesis`, or else ours.
        model: Name of an autoencoder; empty for operations without a network.
        path: File of images, uint8, shape (count, 160, 160, 3).
        steps: Number of training steps.
    """

    operation: str
    way: str
    model: str
    path: str
    steps: int


def make_handle(cores: int) -> Handle:
    """Runs jobs; the first of each kind is a warm-up."""
    makers: dict[str, Callable[[Job], Callable[[], None]]] = {
        "fit": _fit,
        "feed": _feed,
        "evaluate": _evaluate,
        "evaluate_file": _evaluate_file,
        "metrics": _metrics,
    }
    prepared: dict[Job, Callable[[], None]] = {}

    def handle(facts: dict[str, Any], data: bytes) -> Answer:
        job = Job(**facts)
        if job not in prepared:
            prepared[job] = makers[job.operation](job)
            prepared[job]()
        seconds = timed(prepared[job]).seconds
        return Answer({"seconds": seconds, "peak_bytes": memory("VmHWM")})

    return handle


def _fit(job: Job) -> Callable[[], None]:
    """Some steps of a training on the images of a file."""
    if job.way == "thesis":
        arrays, network = _floats(job.path), thesis_network(job.model)
        return lambda: network.fit(
            arrays, arrays, batch_size=32, steps_per_epoch=job.steps, epochs=1, verbose=0
        )
    images = np.load(job.path, mmap_mode="r")
    model = get_model(job.model)
    config = dataclasses.replace(model.config, epochs=1)
    ours = build_seeded(model, config)
    order = np.random.default_rng(0).permutation(len(images))[: job.steps * config.batch]
    return lambda: ours.fit(
        ImageFeed(images, order, batch=config.batch).for_keras(), shuffle=False, verbose=0
    )


def _feed(job: Job) -> Callable[[], None]:
    """A pass over all images of a file without a network."""
    if job.way == "thesis":
        raise ValueError("The thesis had no feed: its images were in memory.")
    images = np.load(job.path, mmap_mode="r")
    order = np.random.default_rng(0).permutation(len(images))

    def run() -> None:
        for _ in ImageFeed(images, order, batch=_FEED_BATCH).for_keras():
            pass

    return run


def _evaluate(job: Job) -> Callable[[], None]:
    """PSNR and SSIM of an autoencoder with a float latent, on all images of a file."""
    if job.way == "thesis":
        arrays, network = _floats(job.path), thesis_network(job.model)

        def run() -> None:
            for image in arrays:
                found = network.predict(image[np.newaxis], verbose=0)[0]
                _their_metrics(image, np.clip(found, 0.0, 1.0))

        return run
    codec, store, images = get_codec(job.model), ArtifactStore.default(), np.load(job.path)
    if codec.references is None:
        raise ValueError(f"{job.model} has no float latent.")
    reference = next(iter(codec.references(store)))
    return lambda: _each(images, reference, evaluate_reference)


def _evaluate_file(job: Job) -> Callable[[], None]:
    """PSNR and SSIM of an autoencoder whose latents pass through files, unlike in the thesis."""
    if job.way == "thesis":
        return _evaluate(job)
    point, images = (
        benchmarked_point(get_codec(job.model), ArtifactStore.default()),
        np.load(job.path),
    )
    return lambda: _each(images, point, evaluate)


def _metrics(job: Job) -> Callable[[], None]:
    """PSNR and SSIM of each image of a file against the next one."""
    images = np.load(job.path)
    pairs = list(zip(images, np.roll(images, 1, axis=0), strict=True))

    def run() -> None:
        for pair in pairs:
            if job.way == "thesis":
                _their_metrics(*pair)
            else:
                _our_metrics(*pair)

    return run


def _each(images: Images, point: Any, measure: Callable[..., Any]) -> None:
    for image in images:
        record = measure(point, image, image_id="benchmark", metrics=_quick_metrics()).record
        if record.error:
            raise RuntimeError(record.error)


@cache
def _quick_metrics() -> dict[str, Any]:
    return {name: metric for name, metric in metrics().items() if not metric.ON_SUBSET_ONLY}


def _our_metrics(reference: Any, image: Any) -> None:
    for metric in _quick_metrics().values():
        metric.measure(reference, image)


def _their_metrics(reference: Any, image: Any) -> None:
    """PSNR and SSIM of uint8 images or floats in 0..1; SSIM of grey images, as in the thesis."""
    peak = 255.0 if reference.dtype == np.uint8 else 1.0
    peak_signal_noise_ratio(reference, image, data_range=peak)
    structural_similarity(rgb2gray(reference), rgb2gray(image), data_range=1.0)


@cache
def _floats(path: str) -> Floats:
    """All images of a file as float32 in 0..1."""
    floats: Floats = np.load(path).astype(np.float32) / np.float32(255.0)
    return floats


if __name__ == "__main__":
    work(make_handle)
