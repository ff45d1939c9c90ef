import math

import pandas as pd

from core.analysis.findings import MethodRow, method_rows
from core.analysis.headlines import headlines, rate_trained_rates
from core.analysis.published import THESIS
from core.analysis.rate_distortion import bd_rate
from core.evaluation.measurements import Curve

NO_MEANS = pd.DataFrame(
    columns=["codec", "setting", "images", "errors", "lossless", "bits_per_pixel"]
)


def _curve(codec: str, rates: tuple[float, ...], values: tuple[float, ...]) -> Curve:
    return Curve(codec, "psnr_db", tuple(map(str, rates)), rates, values, 10)


def _rows(**measured: MethodRow) -> list[MethodRow]:
    return [measured.get(figure.method.replace("-", "_"), MethodRow(figure)) for figure in THESIS]


def _measured(method: str, psnr_db: float, rate: float) -> MethodRow:
    figure = next(figure for figure in THESIS if figure.method == method)
    return MethodRow(
        figure,
        psnr_db=psnr_db,
        ssim=0.9,
        bytes=3200 * rate,
        bits_per_pixel=rate,
        coded_psnr_db=psnr_db,
        images=10,
    )


def test_the_best_format_is_named_with_its_saving() -> None:
    curves = {
        "jpeg": _curve("jpeg", (1.0, 2.0), (30.0, 34.0)),
        "avif": _curve("avif", (0.5, 1.0), (30.0, 34.0)),
        "webp": _curve("webp", (0.8, 1.6), (30.0, 34.0)),
    }
    rows = _rows(jpeg_75=_measured("jpeg-75", 34.0, 2.0))
    sentences = headlines(
        curves, rows, NO_MEANS, learned={}, rate_trained={}, labels={"avif": "AVIF"}
    )
    assert len(sentences) == 1
    assert sentences[0].startswith("**AVIF needs 50 % fewer bytes than JPEG**")


def test_the_search_of_the_learned_codec_is_no_format_of_its_own() -> None:
    curves = {
        "jpeg": _curve("jpeg", (1.0, 2.0), (30.0, 34.0)),
        "bottleneck": _curve("bottleneck", (0.5, 1.0), (30.0, 34.0)),
        "bottleneck_slow": _curve("bottleneck_slow", (0.4, 0.8), (30.0, 34.0)),
    }
    rows = _rows(jpeg_75=_measured("jpeg-75", 34.0, 2.0))
    labels = {"bottleneck": "BNK"}
    [sentence] = headlines(curves, rows, NO_MEANS, learned={}, rate_trained={}, labels=labels)
    assert sentence.startswith("**BNK needs 50 % fewer bytes than JPEG**")


def test_the_learned_codec_is_told_beside_each_baseline() -> None:
    values = (28.0, 30.0, 32.0, 34.0)
    curves = {
        "jpeg": _curve("jpeg", (1.0, 2.0, 4.0, 8.0), values),
        "avif_444": _curve("avif_444", (0.4, 0.8, 1.6, 3.2), values),
        "bottleneck": _curve("bottleneck", (0.5, 1.0, 2.0, 4.0), values),
    }
    labels = {"jpeg": "JPEG", "avif_444": "AVIF 4:4:4", "bottleneck": "BNK"}
    learned = {
        name: delta
        for name in ("jpeg", "avif_444")
        if (delta := bd_rate(curves[name], curves["bottleneck"]).value) is not None
    }
    [sentence] = headlines(
        curves, _rows(), NO_MEANS, learned=learned, rate_trained={}, labels=labels
    )
    assert "needs 50 % fewer than JPEG and 25 % more than AVIF 4:4:4" in sentence


def test_jpeg_is_not_said_to_beat_itself() -> None:
    curves = {"jpeg": _curve("jpeg", (1.0, 2.0), (30.0, 34.0))}
    rows = _rows(jpeg_75=_measured("jpeg-75", 34.0, 2.0))
    assert headlines(curves, rows, NO_MEANS, learned={}, rate_trained={}, labels={}) == []


def test_an_autoencoder_is_weighed_against_jpeg_at_equal_quality() -> None:
    curves = {"jpeg": _curve("jpeg", (1.0, 2.0), (30.0, 34.0))}
    rows = _rows(ae_1_layer=_measured("ae-1-layer", 34.0, 8.0))
    assert (
        "4.0 times JPEG's bytes"
        in headlines(curves, rows, NO_MEANS, learned={}, rate_trained={}, labels={})[0]
    )


def test_an_autoencoder_beyond_jpeg_is_not_compared_with_it() -> None:
    curves = {"jpeg": _curve("jpeg", (1.0, 2.0), (30.0, 34.0))}
    rows = _rows(ae_1_layer=_measured("ae-1-layer", 40.0, 8.0))
    assert (
        "no JPEG measured here has that PSNR"
        in headlines(curves, rows, NO_MEANS, learned={}, rate_trained={}, labels={})[0]
    )


def test_an_autoencoder_is_no_format_that_saves_bytes() -> None:
    curves = {
        "jpeg": _curve("jpeg", (1.0, 2.0), (30.0, 34.0)),
        "ae80": _curve("ae80", (0.1, 0.2), (30.0, 34.0)),
    }
    rows = _rows(jpeg_75=_measured("jpeg-75", 34.0, 2.0))
    assert headlines(curves, rows, NO_MEANS, learned={}, rate_trained={}, labels={}) == []


def test_tiff_is_set_beside_the_best_lossless_format() -> None:
    means = pd.DataFrame(
        {
            "codec": ["tiff_lzw", "jpeg_xl_lossless"],
            "lossless": [True, True],
            "errors": [0, 0],
            "bits_per_pixel": [21.9, 11.5],
        }
    )
    rows = _rows(tiff_lzw=_measured("tiff-lzw", math.inf, 21.9))
    [sentence] = headlines(
        {},
        rows,
        means,
        learned={},
        rate_trained={},
        labels={"jpeg_xl_lossless": "JPEG XL, lossless"},
    )
    assert "21.9 of 24 bits per pixel" in sentence
    assert sentence.endswith("needs 11.5 (JPEG XL, lossless).")


def test_nothing_is_said_without_measurements() -> None:
    empty = pd.DataFrame(columns=[*NO_MEANS.columns, "dial", "bytes"])
    assert headlines({}, method_rows(empty), empty, learned={}, rate_trained={}, labels={}) == []


def test_the_topologies_of_the_thesis_that_were_trained_for_rate_are_told_against_jpeg() -> None:
    matrix = pd.DataFrame(
        {"jpeg": [0.0, -24.4, 3.2], "webp": [40.0, 1.0, 50.0]},
        index=["jpeg", "ae20_rd", "ae40_rd"],
    )
    rates = rate_trained_rates(matrix)
    assert rates == {"ae20_rd": -24.4, "ae40_rd": 3.2}
    labels = {"ae20_rd": "Three layers", "ae40_rd": "Two layers"}
    [sentence] = headlines({}, _rows(), NO_MEANS, learned={}, rate_trained=rates, labels=labels)
    assert sentence.startswith("**The thesis' topologies, trained for rate")
    assert "Three layers needs 24 % fewer, Two layers needs 3 % more bytes" in sentence
