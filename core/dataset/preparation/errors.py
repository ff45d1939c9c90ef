"""Error for problems with a data set's source that the user can fix."""


class PreparationError(Exception):
    """A source cannot be made into a data set; the message is one sentence."""
