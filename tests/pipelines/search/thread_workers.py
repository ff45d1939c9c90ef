"""Workers of a search as threads of this process, which need not import everything anew."""

import threading
from types import SimpleNamespace

from pipelines.search import step, workers


class ThreadWorker(threading.Thread):
    """What the step uses of a process, as a thread."""

    def __init__(self, *, target, args, name):
        super().__init__(name=name, daemon=True)
        job, _ = args  # the numbers of threads are those of this process
        self._work, self._job = target, job
        self._stop_request = None

    def run(self):
        self._work(self._job)

    def listen(self, stop_requested):
        self._stop_request = stop_requested

    def terminate(self):
        """As SIGTERM does, once the worker listens."""
        while self._stop_request is None and self.is_alive():
            self.join(0.01)
        if self._stop_request is not None:
            self._stop_request.set()

    def kill(self):
        raise AssertionError("A thread cannot be killed; it had to stop by itself.")


def work_in_threads(patch):
    """Lets searches that are begun from now on work in threads, and look at them often."""
    context = SimpleNamespace(Process=ThreadWorker)
    patch.setattr(workers, "multiprocessing", SimpleNamespace(get_context=lambda _: context))
    patch.setattr(workers, "_listen", lambda event: threading.current_thread().listen(event))
    patch.setattr(step, "_POLL_SECONDS", 0.05)
