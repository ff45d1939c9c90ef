"""The tables of the page."""

VIEW = "rate_distortion"


def bd_frame(app):
    return next(frame.value for frame in app.dataframe if "bd_rate_percent" in frame.value)


def points_frame(app):
    return next(frame.value for frame in app.dataframe if "value_p10" in frame.value)
