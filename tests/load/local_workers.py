"""Seconds of one codec's sweep with a pool of processes and with Dask workers on this machine.

`python -m tests.load.local_workers webp_lossless --workers 2 4` needs the prepared data set, and
writes its results to the folder for temporary files.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.evaluation.results import result_key
from core.store import ArtifactStore
from pipelines.evaluate import step as evaluate
from tests.pipelines.evaluate.dask_processes import running_cluster

#: What a sweep reads.
_INPUTS = ("datasets", "models", "statistics")


@contextmanager
def _scratch_store() -> Iterator[ArtifactStore]:
    """A store with the inputs of the default one and no results; the default one inside."""
    inputs, before = ArtifactStore.default().root, os.environ.get("BOTTLENECK_ARTIFACTS")
    with tempfile.TemporaryDirectory() as folder:
        for name in _INPUTS:
            Path(folder, name).symlink_to(inputs / name)
        os.environ["BOTTLENECK_ARTIFACTS"] = folder
        try:
            yield ArtifactStore.default()
        finally:
            os.environ.pop("BOTTLENECK_ARTIFACTS")
            if before is not None:
                os.environ["BOTTLENECK_ARTIFACTS"] = before


def sweep(codec: str, workers: int) -> dict[str, float]:
    """Seconds of a codec's whole sweep, by the clock and of all workers together.

    Args:
        codec: Name of the codec.
        workers: Number of Dask workers; 0 for a pool of as many processes as there are cores.
    """
    with _scratch_store() as store:
        if workers:
            with running_cluster(workers) as (address, _):
                seconds = _timed(codec, "--scheduler", address)
        else:
            seconds = _timed(codec)
        spent = store.manifest(result_key("imagenette160", codec)).facts["seconds"]
    return {"workers": workers, "wall_seconds": seconds, **spent}


def _timed(codec: str, *flags: str) -> float:
    start = time.monotonic()
    if evaluate.main([codec, *flags]):
        raise SystemExit("The sweep failed.")
    return time.monotonic() - start


def main() -> None:
    """Prints a line of JSON for the pool, and one for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("codec")
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 4])
    arguments = parser.parse_args()
    for workers in (0, *arguments.workers):
        print(json.dumps(sweep(arguments.codec, workers)), flush=True)


if __name__ == "__main__":
    main()
