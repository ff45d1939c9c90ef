"""Work on many machines: an executor over a Dask cluster that somebody has started."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.base import UserError
from pipelines.worker_pool import keep_freed_memory

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_SECONDS = 10


@contextmanager
def cluster(url: str) -> Iterator[tuple[Executor, int]]:
    """Executor over the workers of a cluster, and the number of their threads.

    Pieces of a worker that dies go to another one. Their functions and images are found there
    as here: each machine has this code, and the artifacts under the same path.

    Args:
        url: Address of the cluster's scheduler, such as tcp://host:8786.

    Raises:
        UserError: Nobody answers there, there is no worker, or a piece of work has killed one
            worker after another.
    """
    # Dask takes half a second to import, which a run on one machine need not wait for.
    from distributed import Client
    from distributed.scheduler import KilledWorker

    try:
        client = Client(url, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(f"The scheduler {url} does not answer: {_first_line(error)}") from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise UserError(f"The scheduler {url} has no workers; {_start_worker(url)}")
        _set_up_workers(client, url)
        try:
            with client.get_executor(pure=False) as executor:
                yield executor, threads
        except KilledWorker as error:
            raise UserError(
                "A piece of work ended several workers, perhaps for lack of memory. What was "
                "finished is kept; run the same command again to go on."
            ) from error


def _set_up_workers(client: "Client", url: str) -> None:
    """Prepares the workers there are and those that join later.

    Raises:
        UserError: A worker does not find this program.
    """
    try:
        client.register_worker_callbacks(keep_freed_memory)
    except Exception as error:
        # Dask raises what the worker raised, or, where that cannot be sent, an error of its text.
        if "ModuleNotFoundError" not in repr(error):
            raise
        raise UserError(
            f"A worker of {url} does not find this program; {_start_worker(url)}"
        ) from error


def _start_worker(url: str) -> str:
    return (
        "start one in the root of this repository: "
        f"python -m dask worker {url} --nworkers auto --nthreads 1"
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
