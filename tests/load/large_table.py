"""Time and memory of a result table of many millions of rows: written in parts, and read again.

`python -m tests.load.large_table --rows 12000000` writes to the folder for temporary files.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.evaluation.record import Record
from core.evaluation.table import concatenate, from_parquet, to_frame, to_table
from core.evaluation.table_parts import PART_ROWS, write_in_parts
from core.metrics import metrics
from pipelines.benchmark.measuring import memory

SETTINGS = 10
IMAGES_PER_BLOCK = 1600


def _template() -> pa.Table:
    """One block of results, whose numbers the others vary."""
    records = (
        Record(
            f"class/image_{image:05}",
            "avif",
            f"quality={10 * setting}",
            dial=10.0 * setting,
            width=160,
            height=160,
            bytes=1000,
            bits_per_pixel=0.3125,
            metrics=dict.fromkeys(metrics(), 30.0),
            encode_seconds=0.1,
            decode_seconds=0.01,
            metric_seconds=0.01,
        )
        for image in range(IMAGES_PER_BLOCK)
        for setting in range(SETTINGS)
    )
    return concatenate([to_table(records)])


def blocks(rows: int, generator: np.random.Generator) -> Iterator[pa.Table]:
    """Blocks of as many rows in all, each of images of its own, with random numbers."""
    template = _template()
    for first in range(0, rows, template.num_rows):
        block = template.slice(0, min(template.num_rows, rows - first))
        for number, field in enumerate(block.schema):
            if pa.types.is_floating(field.type) and field.name != "dial":
                values = generator.random(block.num_rows, dtype=np.float32)
                block = block.set_column(number, field, pa.array(values).cast(field.type))
        names = [f"block{first}/{name}" for name in block["image"].to_pylist()]
        column = pa.array(names).dictionary_encode()
        yield block.set_column(0, block.schema.field("image"), column)


def measure(rows: int, part_rows: int) -> dict[str, float]:
    """Seconds and peak memory in MB of a table of random results, written in parts and read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "avif.parquet")
        before, start = _peak_mb(), time.process_time()
        written = write_in_parts(path, blocks(rows, np.random.default_rng(0)), part_rows=part_rows)
        seconds, peak = time.process_time() - start, _peak_mb()
        start = time.process_time()
        frame = to_frame(from_parquet(path.read_bytes()))
        return {
            "rows": written.rows,
            "parts": pq.ParquetFile(path).num_row_groups,
            "megabytes": path.stat().st_size / 1e6,
            "write_cpu_seconds": seconds,
            "mb_before": before,
            "write_peak_mb": peak,
            "rows_read": len(frame),
            "read_cpu_seconds": time.process_time() - start,
            "read_peak_mb": _peak_mb(),
        }


def _peak_mb() -> float:
    # The operating system's own count (`ru_maxrss`) begins with the memory of the parent.
    return memory("VmHWM") / 1e6


def main() -> None:
    """Prints the figures as JSON; a peak of memory is that of the process until then."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=12_000_000)
    parser.add_argument("--part-rows", type=int, default=PART_ROWS)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.rows, arguments.part_rows)))


if __name__ == "__main__":
    main()
