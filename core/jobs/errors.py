"""Errors of jobs that ended without a result."""


class JobError(Exception):
    """A job ended without a result; the message explains why to the visitor."""


class TooSlow(JobError):
    """A job exceeded its time limit."""


class TooLarge(JobError):
    """A job exceeded its memory limit."""


class QueueBusy(JobError):
    """A job waited too long for a free process."""


class JobCancelled(JobError):
    """The job was cancelled, because its result is no longer needed."""
