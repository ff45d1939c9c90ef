"""Whether what a codec is optimised for decides where it wins: BNK's two models by two metrics."""

from collections.abc import Mapping

import pandas as pd

from core.analysis.rate_distortion import bd_rates, compare
from core.evaluation.measurements import lossy_measurements
from core.metrics import metrics, psnr_db, ssimulacra2

#: The codec that both models are compared with.
REFERENCE = "avif_444"
#: Trained for squared error and SSIM, and for SSIMULACRA2.
MODELS = ("bottleneck", "bottleneck_visual")
#: The metric of what each of the models is trained for, in their order.
_METRICS = (psnr_db.NAME, ssimulacra2.NAME)
_LIMIT = ", a score that has fewer than its six scales on images as small as these"


def model_rates(frame: pd.DataFrame) -> pd.DataFrame:
    """BD-rate of both models against the reference by PSNR and by SSIMULACRA2.

    Columns: metric, codec, bd_rate_percent, images, and `wins`: whether the model that is trained
    for the metric needs fewer bytes than the other one, by the whole 95 % interval over images.
    Without rows where any of the four is missing.

    Args:
        frame: Results on the images that all codecs have.
    """
    pairs = zip(_METRICS, MODELS, reversed(MODELS), strict=True)
    rows = [
        row
        for metric, own, other in pairs
        if metric in frame
        for row in _rates(frame, metric, own=own, other=other)
    ]
    columns = ["metric", "codec", "bd_rate_percent", "images", "wins"]
    is_whole = len(rows) == len(_METRICS) * len(MODELS)
    return pd.DataFrame(rows if is_whole else [], columns=columns)


def optimised_for(rates: pd.DataFrame, frame: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """One sentence in Markdown on who wins by which metric; none without rates.

    It claims that the optimisation decides only where each model wins by its own metric.

    Args:
        rates: As `model_rates` gives them.
        frame: Results on the same images.
        labels: Display label by codec.
    """
    if rates.empty:
        return []
    parts = [_by_metric(metric, rates[rates["metric"] == metric], labels) for metric in _METRICS]
    reference = labels.get(REFERENCE, REFERENCE)
    opening = "**What is optimised decides who wins**: in" if rates["wins"].all() else "In"
    is_large = (frame[["width", "height"]] >= ssimulacra2.WHOLE_SIDE).to_numpy().all()
    limit = "" if is_large else _LIMIT
    return [f"{opening} bytes against {reference}, by BD-rate, {'; '.join(parts)}{limit}."]


def _rates(frame: pd.DataFrame, metric: str, *, own: str, other: str) -> list[dict[str, object]]:
    tables = lossy_measurements(frame[frame["codec"].isin([REFERENCE, *MODELS])], metric=metric)
    if not {REFERENCE, *MODELS} <= tables.keys():
        return []
    found = bd_rates(tables, anchor=REFERENCE, samples=0)
    saved = compare(tables[other], tables[own])
    wins = saved.high is not None and saved.high < 0
    return [
        {
            "metric": metric,
            "codec": codec,
            "bd_rate_percent": found[codec].value,
            "images": found[codec].images,
            "wins": wins,
        }
        for codec in MODELS
        if found[codec].value is not None
    ]


def _by_metric(metric: str, rates: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """The models by one metric, the one with the smaller files first."""
    ordered = rates.sort_values("bd_rate_percent")
    parts = [
        f"{labels.get(codec, codec)} {delta:+.0f} %".replace("-", "\u2212")
        for codec, delta in zip(ordered["codec"], ordered["bd_rate_percent"], strict=True)
    ]
    name, images = metrics()[metric].LABEL.partition(" (")[0], rates["images"].iloc[0]
    return f"{' and '.join(parts)} at equal {name} ({images:,} images)"
