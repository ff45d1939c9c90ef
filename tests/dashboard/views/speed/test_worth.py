"""What the page Speed says of the bytes that a codec saves for its time."""

import pandas as pd
import pytest

from dashboard.views.speed.worth import worth_sentence


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [("jpeg", "JPEG", 0.5, 0.6, 0.0), ("bottleneck", "BNK", 15.0, 20.0, -59.2)]
    names = ["codec", "label", "decode_milliseconds", "encode_milliseconds", "bd_rate_percent"]
    return pd.DataFrame(rows, columns=names)


def test_the_smallest_files_are_those_of_the_codecs_with_a_time(table: pd.DataFrame) -> None:
    sentence = worth_sentence(table)
    assert sentence.startswith(
        "**BNK makes the smallest files at equal PSNR of the codecs timed here ("
    )
    assert "\N{MINUS SIGN}59.2 % against JPEG) and decodes in" in sentence
    assert "decodes in 15.0 ms**, 30 times as long as JPEG (0.50 ms)." in sentence


def test_a_timed_codec_with_smaller_files_takes_the_superlative(table: pd.DataFrame) -> None:
    table.loc[len(table)] = ["avif", "AVIF", 3.0, 60.0, -70.0]
    assert "smallest" not in worth_sentence(table)


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(0.1, "0.2 times as long as"), (0.51, "about as long as"), (0.75, "1.5 times as long as")],
)
def test_a_codec_about_as_fast_as_jpeg_or_faster_takes_no_whole_times(
    table: pd.DataFrame, milliseconds: float, words: str
) -> None:
    table.loc[1, "decode_milliseconds"] = milliseconds
    assert f"{words} JPEG" in worth_sentence(table)
