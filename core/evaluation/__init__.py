"""Measures codecs: the only place that counts bits or takes time."""
