"""The artifact that the tests of the store commit."""

from pathlib import Path

KEY = "models/ae80"


FILES: dict[str, bytes | Path] = {"ae80.json": b'{"filters": 64}', "ae80/encoder.onnx": b"weights"}
