"""Curves and results whose BD-rates are known."""

import numpy as np
import pandas as pd

from core.analysis.rate_distortion import (
    Curve,
)

RATES = (0.3, 0.5, 0.8, 1.2, 1.8, 2.6, 3.4)


METRIC = "psnr_db"


def smooth(rates, *, codec="jpeg", factor=1.0, gain=0.0):
    values = tuple(30 + 5 * float(np.log2(rate)) + gain for rate in rates)
    return Curve(codec, METRIC, tuple(map(str, rates)), tuple(r * factor for r in rates), values, 9)


def results(codec="jpeg", *, images=40, factor=1.0, noise=0.0, seed=0):
    """Results of a codec on images of varied difficulty; `noise` is its own, in log2 bits."""
    generator = np.random.default_rng(seed)
    difficulty = np.random.default_rng(99).normal(0, 0.8, images)
    own = generator.normal(0, noise, images) if noise else np.zeros(images)
    rows = [
        {
            "image": f"image-{number:04d}",
            "codec": codec,
            "setting": f"quality={step}",
            "dial": float(step),
            "bytes": rate * factor * 2 ** (difficulty[number] + own[number]) * 3200,
            "bits_per_pixel": rate * factor * 2 ** (difficulty[number] + own[number]),
            METRIC: 30 + 5 * np.log2(rate) - difficulty[number],
            "lossless": False,
            "encode_seconds": 0.01,
            "decode_seconds": 0.01,
            "error": np.nan,
        }
        for number in range(images)
        for step, rate in enumerate(RATES)
    ]
    names = {"image": "category", "codec": "category", "setting": "category"}
    return pd.DataFrame(rows).astype(names | {"error": "str"})


def lossless(codec, *, images=40):
    return results(codec, images=images).assign(lossless=True, **{METRIC: np.nan})


def together(*frames):
    """Rows of several codecs, typed as those that the store gives."""
    plain = [frame.astype({"image": "str", "codec": "str", "setting": "str"}) for frame in frames]
    frame = pd.concat(plain, ignore_index=True)
    return frame.astype({"image": "category", "codec": "category", "setting": "category"})
