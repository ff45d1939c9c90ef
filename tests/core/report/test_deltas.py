"""BD-rates of the report: whole files, and beside them payload and pooled PSNR."""

import pandas as pd
import pytest

from core.analysis.bd_tables import bd_table
from core.analysis.curve_views import curve_measurements
from core.evaluation.measurements import measurements
from core.report.deltas import Compared, delta_section
from core.report.tables import Table
from tests.core.analysis.smooth_curves import METRIC, results

NAMES = ("jpeg", "webp")
OVERHEADS = {"jpeg": 600, "webp": 30}


@pytest.fixture
def frame() -> pd.DataFrame:
    others = [results("webp", factor=0.7, noise=0.2), results("avif", factor=0.5, noise=0.2)]
    # Two images are far worse than the rest, which counts for more in a mean of squared errors.
    others[0].loc[others[0]["image"].isin(["image-0000", "image-0001"]), METRIC] -= 6
    return pd.concat([results("jpeg"), *others], ignore_index=True)


def table_of(compared: Compared) -> Table:
    [table] = [
        part
        for part in delta_section({METRIC: compared}, {}).parts
        if part.name == "bd-rates-psnr-db" and isinstance(part, Table)
    ]
    return table


def test_other_kinds_of_rate_and_quality_stand_beside_whole_files(frame: pd.DataFrame) -> None:
    files = curve_measurements(frame, metric=METRIC)
    payload = curve_measurements(frame, metric=METRIC, overheads=OVERHEADS)
    pooled = curve_measurements(frame, metric=METRIC, pooled=True)
    table = table_of(Compared(files, payload, pooled))
    rows = table.frame.set_index("codec")
    for column, tables in (("payload_percent", payload), ("pooled_percent", pooled)):
        alone = bd_table(tables, anchor="jpeg", labels={}).set_index("codec")["bd_rate_percent"]
        assert rows.loc["webp", column] == pytest.approx(alone["webp"])
        assert rows.loc["webp", column] != pytest.approx(rows.loc["webp", "bd_rate_percent"])
    assert rows["payload_percent"].isna().to_dict() == {"webp": False, "avif": True}
    assert {"payload_percent", "pooled_percent"} <= set(table.columns)
    assert "Without containers:" in table.caption


def test_a_kind_that_no_codec_has_is_neither_a_column_nor_explained(frame: pd.DataFrame) -> None:
    table = table_of(Compared(curve_measurements(frame, metric=METRIC)))
    assert not {"payload_percent", "pooled_percent"} & set(table.columns)
    assert "Without containers" not in table.caption


def test_of_one_image_there_is_no_word_of_an_interval() -> None:
    texts = [
        delta_section(
            {
                METRIC: Compared(
                    {
                        name: measurements(results(name, images=count), metric=METRIC)
                        for name in NAMES
                    }
                )
            },
            {},
        ).paragraphs[0]
        for count in (1, 20)
    ]
    assert "interval" not in texts[0]
    assert "The interval holds 95 %" in texts[1]
