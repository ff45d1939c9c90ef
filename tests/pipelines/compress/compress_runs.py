"""Both commands, in this process and in one of their own."""

import subprocess
import sys
from pathlib import Path

from core.dataset.splits import sample_images
from pipelines import compress, decompress

GOLDEN = Path(__file__).parents[2] / "golden"


IMAGE = next(iter(sample_images().values()))[:97, :131]


def run_compress(*words: object) -> int:
    return compress.main([str(word) for word in words])


def run_decompress(*words: object) -> int:
    return decompress.main([str(word) for word in words])


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def is_one_line(text: str, *words: str) -> bool:
    return text.count("\n") == 1 and all(word in text for word in words)


def in_a_process(*words: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines", *words],
        input=data,
        capture_output=True,
        cwd=Path(__file__).parents[3],
        check=False,
    )
