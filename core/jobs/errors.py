"""Why a job has no result."""


class JobError(Exception):
    """A job ended without a result; the text says why, for a visitor to read."""


class TooSlow(JobError):
    """A job took more time than it may."""


class TooLarge(JobError):
    """A job took more memory than it may."""


class QueueBusy(JobError):
    """A job waited longer than it may for a free process."""


class JobCancelled(JobError):
    """Nobody wants the result any more."""
