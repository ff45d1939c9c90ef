"""What can go wrong with the images of a data set that a person can mend."""


class PreparationError(Exception):
    """One clear sentence about a source that cannot become a data set."""
