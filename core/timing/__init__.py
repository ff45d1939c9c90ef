"""Benchmark tables: the times and memory of codecs, training and the dashboard."""
