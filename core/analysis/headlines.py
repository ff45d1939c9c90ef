"""The findings as sentences, computed from the measurements on request."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from core.analysis.bd_tables import bd_rates_of
from core.analysis.equal_quality import equal_quality, rate_at
from core.analysis.findings import MethodRow
from core.codecs.rate_autoencoder import rate_architectures
from core.evaluation.measurements import Curve
from core.plain_english import counted

#: Rate of an image that is not compressed: three bytes per pixel.
RAW_BITS_PER_PIXEL = 24.0

#: The rate-trained codec, and the baselines that it is compared with first.
LEARNED = "bottleneck"
#: The same model with a search in its encoder: no format of its own, so it heads no sentence.
_SEARCHING = "bottleneck_slow"
_BASELINES = ("jpeg", "webp", "jpeg_xl", "avif_444", "avif_slow")


def headlines(
    curves: Mapping[str, Curve],
    rows: Sequence[MethodRow],
    means: pd.DataFrame,
    *,
    learned: Mapping[str, float],
    rate_trained: Mapping[str, float],
    labels: Mapping[str, str],
) -> list[str]:
    """Sentences in Markdown; only those whose measurements exist.

    Args:
        curves: PSNR curve by codec, of all codecs that lose pixels.
        rows: The ten methods of the thesis, as `core.analysis.findings.method_rows` gives them.
        means: One row per codec and setting, as `core.evaluation.measurements.summary` gives them.
        learned: BD-rate of the learned codec in percent against each other codec that has one, as
            `core.analysis.bd_tables.bd_rates_of` gives them.
        rate_trained: BD-rate in percent against JPEG by codec of the thesis' topologies that were
            trained for rate, as `rate_trained_rates` gives them.
        labels: Display label by codec.
    """
    by_method = {row.published.method: row for row in rows}
    formats = {
        codec: curve
        for codec, curve in curves.items()
        if codec != _SEARCHING and not _is_autoencoder(codec, rows)
    }
    return [
        *_saving(formats, by_method["jpeg-75"], labels),
        *_learned(learned, labels),
        *_rate_trained(rate_trained, labels),
        *(
            sentence
            for row in rows
            if row.published.is_autoencoder
            for sentence in _weighed(row, curves.get("jpeg"))
        ),
        *_lossless(by_method["tiff-lzw"], means, labels),
    ]


def rate_trained_rates(matrix: pd.DataFrame) -> dict[str, float]:
    """BD-rate in percent against JPEG of each autoencoder that was trained for rate.

    Args:
        matrix: As `core.analysis.bd_tables.bd_matrix` gives it.
    """
    found = {name: bd_rates_of(name, matrix) for name in rate_architectures()}
    return {name: rates["jpeg"] for name, rates in found.items() if "jpeg" in rates}


def _is_autoencoder(codec: str, rows: Sequence[MethodRow]) -> bool:
    return any(row.published.codec == codec and row.published.is_autoencoder for row in rows)


def _saving(
    curves: Mapping[str, Curve], jpeg: MethodRow, labels: Mapping[str, str]
) -> Iterator[str]:
    """Format with the lowest rate at the PSNR of JPEG quality 75."""
    if jpeg.psnr_db is None or jpeg.bits_per_pixel is None:
        return
    rates = {codec: rate_at(curve, jpeg.psnr_db) for codec, curve in curves.items()}
    reached = {codec: rate for codec, rate in rates.items() if rate is not None}
    codec = min(reached, key=lambda name: reached[name], default="jpeg")
    if codec == "jpeg":
        return
    name = labels.get(codec, codec)
    saved = 100.0 * (1.0 - reached[codec] / jpeg.bits_per_pixel)
    yield (
        f"**{name} needs {saved:.0f} % fewer bytes than JPEG** at JPEG 75's mean PSNR of "
        f"{jpeg.psnr_db:.2f} dB: {reached[codec]:.2f} bits per pixel instead of "
        f"{jpeg.bits_per_pixel:.2f}, over {counted(jpeg.images, 'image')}."
    )


def _learned(deltas: Mapping[str, float], labels: Mapping[str, str]) -> Iterator[str]:
    """BD-rate of the learned codec against each of its baselines."""
    parts = [
        f"{abs(deltas[name]):.0f} % {'fewer' if deltas[name] < 0 else 'more'} than "
        f"{labels.get(name, name)}"
        for name in _BASELINES
        if name in deltas
    ]
    if parts:
        listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
        name = labels.get(LEARNED, LEARNED)
        yield f"**{name}, the learned codec, needs {listed}** in bytes at equal PSNR, by BD-rate."


def _rate_trained(deltas: Mapping[str, float], labels: Mapping[str, str]) -> Iterator[str]:
    """What the thesis' topologies need once they are trained for rate, the smallest first."""
    parts = [
        f"{labels.get(name, name)} needs {abs(delta):.0f} % {'fewer' if delta < 0 else 'more'}"
        for name, delta in sorted(deltas.items(), key=lambda item: item[1])
    ]
    if parts:
        yield (
            f"**The thesis' topologies, trained for rate, against JPEG**: {', '.join(parts)} "
            "bytes at equal PSNR, by BD-rate."
        )


def _weighed(row: MethodRow, jpeg: Curve | None) -> Iterator[str]:
    """Rate of an autoencoder's coded latent, and what JPEG needs for the same quality."""
    if row.bits_per_pixel is None or row.coded_psnr_db is None:
        return
    found = equal_quality(row, jpeg)
    sentence = (
        f"**{row.published.label}: {row.bits_per_pixel:.2f} bits per pixel** once the latent is "
        f"quantised and coded, for {row.coded_psnr_db:.2f} dB"
    )
    if found is None:
        yield f"{sentence}; no JPEG measured here has that PSNR."
    else:
        yield (
            f"{sentence}; JPEG has that PSNR at {found.bits_per_pixel:.2f}: "
            f"{found.ratio:.1f} times JPEG's bytes."
        )


def _lossless(tiff: MethodRow, means: pd.DataFrame, labels: Mapping[str, str]) -> Iterator[str]:
    """Rate of TIFF, and how much less the best lossless format needs."""
    if tiff.bits_per_pixel is None:
        return
    share = tiff.bits_per_pixel / RAW_BITS_PER_PIXEL
    sentence = (
        f"**TIFF with LZW keeps every pixel and {100 * share:.0f} % of the bytes**: "
        f"{tiff.bits_per_pixel:.1f} of {RAW_BITS_PER_PIXEL:.0f} bits per pixel"
    )
    exact = means[means["lossless"] & (means["errors"] == 0) & means["bits_per_pixel"].notna()]
    best = exact.sort_values("bits_per_pixel").head(1)
    if len(best) and best["bits_per_pixel"].iloc[0] < tiff.bits_per_pixel:
        name = labels.get(str(best["codec"].iloc[0]), str(best["codec"].iloc[0]))
        rate = best["bits_per_pixel"].iloc[0]
        sentence += f"; the best lossless format here needs {rate:.1f} ({name})"
    yield f"{sentence}."
