"""Figures of quality against bytes: one curve per codec."""

from collections.abc import Mapping, Sequence

from core.analysis.curve_views import exact_line, left_out_line
from core.analysis.source_quality import falls_line, first_falls
from core.codecs.styles import codec_style, in_legend_order
from core.evaluation.measurements import Curve, Measurements
from core.metrics import metrics, psnr_db
from core.plain_english import counted
from core.report.plot import Plot, Series

_RATE_TICKS = tuple(
    (value, f"{value:g}") for value in (1.0, 0.3, 3.0, 10.0, 0.1, 0.5, 2.0, 5.0, 0.2, 1.5, 0.05)
)


def curve_plot(
    metric: str,
    tables: Mapping[str, Measurements],
    labels: Mapping[str, str],
    *,
    exact: Mapping[str, Sequence[str]] | None = None,
) -> Plot:
    """The mean curves of all codecs under a metric.

    Args:
        metric: Column of the metric.
        tables: Measurements by codec, on the images that all have; one or more.
        labels: Display label by codec.
        exact: Settings that keep every pixel, by codec.
    """
    chosen = metrics()[metric]
    curves = {name: tables[name].curve() for name in in_legend_order(list(tables))}
    return Plot(
        name=f"curves-{metric}".replace("_", "-"),
        title=f"{chosen.LABEL} against bits per pixel",
        caption=_caption(metric, curves, labels, exact or {}),
        x_title="Bits per pixel (whole file)",
        y_title=chosen.LABEL,
        series=tuple(
            _series(curve, labels.get(name, name), chosen.LABEL) for name, curve in curves.items()
        ),
        x_scale="log",
        x_ticks=_RATE_TICKS,
    )


def _caption(
    metric: str,
    curves: Mapping[str, Curve],
    labels: Mapping[str, str],
    exact: Mapping[str, Sequence[str]],
) -> str:
    images = next(iter(curves.values())).count
    chosen = metrics()[metric]
    sentences = (
        f"Each point is the mean over {counted(images, 'image')} at one setting; the rate counts "
        "the whole file, headers included.",
        left_out_line({labels.get(name, name): curve.dropped for name, curve in curves.items()}),
        exact_line({labels.get(name, name): found for name, found in exact.items()})
        if metric == psnr_db.NAME
        else "",
        f"{chosen.LABEL}: {chosen.DEFINITION}",
        falls_line(first_falls(curves.values()), labels),
    )
    return " ".join(filter(None, sentences))


def _series(curve: Curve, label: str, metric_label: str) -> Series:
    notes = tuple(
        f"{setting}: {rate:.3f} bits per pixel, {metric_label} {value:.4g}"
        for setting, rate, value in zip(
            curve.settings, curve.bits_per_pixel, curve.values, strict=True
        )
    )
    style = codec_style(curve.codec)
    rates, values = curve.bits_per_pixel, curve.values
    return Series(label, style, rates, values, notes=notes, settings=curve.settings)
