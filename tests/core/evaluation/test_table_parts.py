"""Tables of results that are written part by part."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.evaluation.table import concatenate, from_parquet, to_frame, to_table
from core.evaluation.table_parts import write_in_parts
from tests.core.evaluation.raw_codec import Raw, RefusesToDecode, measured

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tables(image):
    """Five tables of one row; the second and the last are errors."""
    codecs = [Raw(dial=1.0), RefusesToDecode(), Raw(dial=2.0), Raw(dial=3.0), RefusesToDecode()]
    return [to_table([measured(codec, image)]) for codec in codecs]


@pytest.mark.parametrize(("part_rows", "parts"), [(1, 5), (2, 3), (5, 1), (100, 1)])
def test_a_table_in_parts_is_read_as_the_whole_table(tmp_path, tables, part_rows, parts):
    path = tmp_path / "raw.parquet"
    write_in_parts(path, iter(tables), part_rows=part_rows)
    assert pq.ParquetFile(path).num_row_groups == parts
    read = to_frame(from_parquet(path.read_bytes()))
    assert read.equals(to_frame(concatenate(tables)))


@pytest.mark.parametrize("part_rows", [1, 2, 100])
def test_what_was_written_is_counted_over_all_parts(tmp_path, tables, part_rows):
    written = write_in_parts(tmp_path / "raw.parquet", iter(tables), part_rows=part_rows)
    frame = to_frame(concatenate(tables))
    assert (written.rows, written.errors) == (5, 2)
    assert written.first_error == frame["error"].dropna().iloc[0]
    times = frame["encode_seconds"].sum() + frame["decode_seconds"].sum()
    assert written.codec_seconds == pytest.approx(times)
    assert written.metric_seconds == pytest.approx(frame["metric_seconds"].sum())


def test_a_table_without_rows_has_its_columns(tmp_path):
    path = tmp_path / "raw.parquet"
    assert write_in_parts(path, iter([])).rows == 0
    assert from_parquet(path.read_bytes()).schema.equals(concatenate([]).schema)


@pytest.mark.slow
def test_writing_takes_the_memory_of_a_part_and_not_of_the_table():
    def run(rows, part_rows):
        words = ["-m", "tests.load.large_table", "--rows", str(rows), "--part-rows", str(part_rows)]
        done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, check=True)
        return json.loads(done.stdout)

    few, many, at_once = run(96_000, 48_000), run(960_000, 48_000), run(960_000, 960_000)
    assert (few["parts"], many["parts"], at_once["parts"]) == (2, 20, 1)
    assert many["write_peak_mb"] < few["write_peak_mb"] + 40
    assert at_once["write_peak_mb"] > many["write_peak_mb"] + 60
