from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.analysis.claims import Outcome, verdicts
from core.analysis.findings import FLOAT_SETTING, MethodRow
from core.analysis.headline_figures import headline_figures
from core.analysis.published import THESIS
from core.analysis.rate_distortion import bd_rate
from core.evaluation.measurements import Curve

LABELS = {"bottleneck": "BNK", "jpeg": "JPEG", "webp": "WebP"}


def _curve(codec: str, scale: float) -> Curve:
    rates = tuple(scale * rate for rate in (0.25, 0.5, 1.0, 2.0, 4.0))
    return Curve(codec, "psnr_db", tuple("abcde"), rates, (28.0, 31.0, 34.0, 37.0, 40.0), 10)


CURVES = {
    "bottleneck": _curve("bottleneck", 0.5),
    "jpeg": _curve("jpeg", 1.0),
    "webp": _curve("webp", 0.75),
}
LEARNED_RATES = {
    name: delta
    for name in ("jpeg", "webp")
    if (delta := bd_rate(CURVES[name], CURVES["bottleneck"]).value) is not None
}


def _rows() -> list[MethodRow]:
    return [
        MethodRow(
            figure,
            psnr_db=figure.psnr_db,
            ssim=figure.ssim,
            bytes=32_000.0,
            bits_per_pixel=10.0,
            coded_psnr_db=34.0,
        )
        for figure in THESIS
    ]


def test_three_figures_say_what_came_out() -> None:
    learned, autoencoder, claims = headline_figures(
        CURVES,
        _rows(),
        judged=verdicts(_rows()),
        learned=LEARNED_RATES,
        rate_trained={"ae20_rd": -24.4},
        labels=LABELS,
    )
    assert learned.figure == "\u221250 %"
    assert "50 % fewer bytes than JPEG" in learned.line
    assert "33 % fewer than WebP" in learned.line
    assert autoencoder.figure == "10.0 \u00d7"
    assert "32,000 bytes an image instead of 3,200" in autoencoder.line
    assert autoencoder.line.endswith("a topology of the thesis gets to 24 % fewer bytes than JPEG.")
    assert claims.figure == "2 of 3"
    assert "1 fails by the thesis' own figures too" in claims.line


def test_without_measurements_there_is_no_figure() -> None:
    rows = [MethodRow(figure) for figure in THESIS]
    judged = verdicts(rows)
    found = headline_figures({}, rows, judged=judged, learned={}, rate_trained={}, labels=LABELS)
    assert found == []


def test_a_claim_that_fails_by_both_figures_is_told_from_one_that_fails_by_ours_alone() -> None:
    outcomes = {one.claim.name: one.outcome for one in verdicts(_rows())}
    assert outcomes["two-layers"] is Outcome.NOT_SUPPORTED_BY_EITHER
    worse = [
        MethodRow(row.published, psnr_db=20.0, ssim=0.5) if row.published.codec == "ae80" else row
        for row in _rows()
    ]
    outcomes = {one.claim.name: one.outcome for one in verdicts(worse)}
    assert outcomes["one-layer"] is Outcome.NOT_SUPPORTED


def test_a_margin_whose_interval_holds_the_limit_is_too_close_to_call() -> None:
    """Two images of which one meets the rule and the other does not, and two that agree."""
    rows = [
        MethodRow(row.published, psnr_db=row.psnr_db, ssim=row.ssim, weighed_setting="quality=75")
        for row in _rows()
    ]
    for spread, expected in ((2.0, Outcome.TOO_CLOSE), (0.1, Outcome.SUPPORTED)):
        frame = pd.DataFrame(
            [
                {"codec": codec, "setting": setting, "image": image, "psnr_db": psnr, "ssim": 0.9}
                for codec, setting, sign in (("ae80", FLOAT_SETTING, 1), ("jpeg", "quality=75", -1))
                for image, psnr in (("a", 30.0 - sign * spread), ("b", 30.0 + sign * spread))
            ]
        )
        judged = {one.claim.name: one for one in verdicts(rows, frame)}
        assert judged["one-layer"].outcome is expected
        assert judged["one-layer"].half_width is not None
        half = 1.96 * float(np.std([-2 * spread, 2 * spread], ddof=1)) / np.sqrt(2)
        assert judged["one-layer"].half_width.psnr_db == pytest.approx(half)
    [figure] = headline_figures(
        {}, rows, judged=[judged["one-layer"]], learned={}, rate_trained={}, labels=LABELS
    )
    assert figure.figure == "1 of 1"


def test_the_first_screen_counts_what_is_too_close() -> None:
    judged = [replace(one, outcome=Outcome.TOO_CLOSE) for one in verdicts(_rows())]
    [figure] = headline_figures(
        {}, [], judged=judged[:1], learned={}, rate_trained={}, labels=LABELS
    )
    assert figure.figure == "0 of 1"
    assert figure.line.endswith("1 is too close to call.")
