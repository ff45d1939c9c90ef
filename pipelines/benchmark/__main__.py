"""Measures speed and memory: codecs, evaluation, training and the dashboard."""

from pipelines.benchmark.step import main

if __name__ == "__main__":
    raise SystemExit(main())
