"""Measures speed and memory: codecs, evaluation, training and the dashboard."""
