"""Measures codecs on the test split, or on any folder of images."""

from pipelines.evaluate.step import main

if __name__ == "__main__":
    raise SystemExit(main())
