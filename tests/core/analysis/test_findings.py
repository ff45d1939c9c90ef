import math

import pandas as pd
import pytest

from core.analysis.claims import Outcome, verdicts
from core.analysis.equal_quality import equal_quality
from core.analysis.findings import FLOAT_SETTING, method_rows, methods_table
from core.analysis.published import THESIS
from core.evaluation.measurements import Curve

#: Mean PSNR and SSIM of the lossy formats, by codec and dial.
FORMATS = {
    ("jpeg", 25.0): (28.1, 0.890),
    ("jpeg", 50.0): (30.5, 0.932),
    ("jpeg", 75.0): (33.0, 0.961),
    ("webp", 25.0): (29.8, 0.914),
    ("webp", 50.0): (32.2, 0.945),
    ("webp", 75.0): (34.5, 0.962),
}

#: Two bits per pixel for the PSNR of the file of ae80.
JPEG = Curve("jpeg", "psnr_db", ("a", "b", "c"), (1.0, 2.0, 4.0), (33.0, 34.71, 37.0), 10)


def _mean(codec: str, setting: str, **values: object) -> dict[str, object]:
    row = {"images": 10, "errors": 0, "lossless": False, "dial": math.nan, "bytes": math.nan}
    return {"codec": codec, "setting": setting, "bits_per_pixel": math.nan, **row, **values}


def _formats() -> list[dict[str, object]]:
    lossy = [
        _mean(
            codec,
            f"quality={dial:g}",
            dial=dial,
            bytes=3200.0,
            bits_per_pixel=1.0,
            psnr_db=psnr,
            ssim=ssim,
        )
        for (codec, dial), (psnr, ssim) in FORMATS.items()
    ]
    exact = _mean(
        "tiff_lzw",
        "lzw",
        lossless=True,
        bytes=70000.0,
        bits_per_pixel=21.9,
        psnr_db=math.nan,
        ssim=1.0,
    )
    return [*lossy, exact]


def _autoencoder(codec: str, psnr_db: float, ssim: float) -> list[dict[str, object]]:
    """A float row, and files that lose 0.04, 0.09 and 0.5 dB, ever smaller."""
    files = [
        _mean(
            codec,
            f"step={step:g}",
            dial=step,
            bytes=3200.0 * rate,
            bits_per_pixel=rate,
            psnr_db=psnr_db - loss,
            ssim=ssim,
        )
        for step, rate, loss in ((1.0, 9.0, 0.04), (2.0, 6.0, 0.09), (4.0, 3.0, 0.5))
    ]
    return [_mean(codec, FLOAT_SETTING, psnr_db=psnr_db, ssim=ssim), *files]


def _means(*autoencoders: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame([*_formats(), *(row for rows in autoencoders for row in rows)])


ALL = (
    _autoencoder("ae80", 34.8, 0.975),
    _autoencoder("ae40", 31.0, 0.930),
    _autoencoder("ae20", 25.0, 0.780),
)


def _outcomes(means: pd.DataFrame) -> dict[str, Outcome]:
    return {verdict.claim.name: verdict.outcome for verdict in verdicts(method_rows(means))}


def test_the_ten_methods_come_in_the_order_of_the_thesis() -> None:
    rows = method_rows(_means(*ALL))
    assert [row.published for row in rows] == list(THESIS)
    assert all(row.is_measured for row in rows)


def test_a_format_takes_the_row_at_its_dial() -> None:
    row = {row.published.method: row for row in method_rows(_means())}["webp-50"]
    assert (row.psnr_db, row.ssim, row.bytes) == (32.2, 0.945, 3200.0)
    assert row.psnr_difference_db == pytest.approx(32.2 - 32.9438)


def test_an_autoencoder_keeps_its_float_figure_and_weighs_the_smallest_file_close_to_it() -> None:
    row = method_rows(_means(*ALL))[0]
    assert (row.psnr_db, row.ssim) == (34.8, 0.975)
    assert (row.weighed_setting, row.bits_per_pixel) == ("step=2", 6.0)
    assert row.coded_psnr_db == pytest.approx(34.71)


def test_an_autoencoder_whose_files_all_lose_more_weighs_the_best_of_them() -> None:
    rows = [row for row in _autoencoder("ae80", 34.8, 0.975) if row["setting"] != "step=1"]
    rows = [row for row in rows if row["setting"] != "step=2"]
    assert method_rows(_means(rows))[0].weighed_setting == "step=4"


def test_an_autoencoder_without_a_file_has_a_figure_and_no_rate() -> None:
    row = method_rows(_means(_autoencoder("ae80", 34.8, 0.975)[:1]))[0]
    assert row.is_measured
    assert row.bytes is None
    assert row.bits_per_pixel is None
    assert equal_quality(row, JPEG) is None


def test_the_lossless_method_has_an_infinite_psnr_and_no_difference() -> None:
    row = method_rows(_means())[-1]
    assert row.psnr_db == math.inf
    assert row.psnr_difference_db is None
    assert row.ssim_difference == 0.0


def test_a_codec_that_failed_on_every_image_is_not_measured() -> None:
    means = _means()
    means.loc[means["codec"] == "jpeg", "images"] = 0
    assert not method_rows(means)[3].is_measured


def test_without_results_no_claim_is_judged() -> None:
    assert set(_outcomes(_means()).values()) == {Outcome.NOT_MEASURED}
    judged = verdicts(method_rows(_means()))
    assert [verdict.unmeasured for verdict in judged] == [("ae80",), ("ae40",), ("ae20",)]
    assert all(verdict.measured is None for verdict in judged)


def test_claims_are_judged_by_what_was_measured() -> None:
    assert _outcomes(_means(*ALL)) == {
        "one-layer": Outcome.SUPPORTED,
        "two-layers": Outcome.NOT_SUPPORTED_BY_EITHER,
        "three-layers": Outcome.SUPPORTED,
    }


@pytest.mark.parametrize(
    ("psnr_db", "ssim", "expected"),
    [
        (32.51, 0.961, Outcome.SUPPORTED),
        (32.49, 0.961, Outcome.NOT_SUPPORTED),
        (33.0, 0.952, Outcome.SUPPORTED),
        (33.0, 0.950, Outcome.NOT_SUPPORTED),
    ],
)
def test_the_level_of_jpeg_75_ends_half_a_decibel_or_a_hundredth_of_ssim_below_it(
    psnr_db: float, ssim: float, expected: Outcome
) -> None:
    assert _outcomes(_means(_autoencoder("ae80", psnr_db, ssim)))["one-layer"] is expected


def test_three_layers_must_lie_below_the_lowest_format_in_both_metrics() -> None:
    above_in_ssim = _autoencoder("ae20", 25.0, 0.895)
    assert _outcomes(_means(above_in_ssim))["three-layers"] is Outcome.NOT_SUPPORTED


def test_the_thesis_own_figures_do_not_carry_its_claim_of_two_layers() -> None:
    published = [verdict.published_outcome for verdict in verdicts(method_rows(_means()))]
    assert published == [Outcome.SUPPORTED, Outcome.NOT_SUPPORTED, Outcome.SUPPORTED]


def test_a_verdict_is_weighed_by_the_bytes_of_jpeg_at_the_same_psnr() -> None:
    method = verdicts(method_rows(_means(*ALL)))[0].method
    found = equal_quality(method, JPEG)
    assert found is not None
    assert found.ratio == pytest.approx(3.0)


def test_the_table_has_a_row_for_each_method_whatever_was_measured() -> None:
    table = methods_table(method_rows(_means()))
    assert len(table) == 10
    assert table["psnr_db"].isna().sum() == 3
    assert table["published_psnr_db"].notna().all()
