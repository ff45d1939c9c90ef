"""High dynamic range shown on an ordinary screen: PQ and HLG signals to light on 0..1."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

#: Brightness of diffuse white in HDR, in cd/m2 (ITU-R BT.2408).
_WHITE = 203.0

#: Luminance of the brightest distinguishable highlights, in cd/m2; the nominal peak of HLG.
_PEAK = 1000.0

#: Light of the largest channel relative to diffuse white, and what is shown of it, as measured on
#: grey ramps in Chromium 156.
_CURVE = (
    (0.0, 1.0, 1.0952, 1.2947, 1.3969, 1.7883, 2.2964, 2.6943, 3.3564, 3.8678, 4.6312, 4.9261),
    (0.0, 0.5, 0.5395, 0.6038, 0.6308, 0.7084, 0.7835, 0.8308, 0.8963, 0.9387, 0.9823, 1.0),
)

#: BT.2020 luminance of red, green and blue.
_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)

#: System gamma of HLG at a peak of 1000 cd/m2 (ITU-R BT.2100).
_SYSTEM_GAMMA = 1.2


def pq_to_display(signal: Floats) -> Floats:
    """Light of a PQ signal relative to diffuse white (SMPTE ST 2084)."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = np.asarray(signal, np.float64) ** (1 / m2)
    light = (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return (light * (10_000 / _WHITE)).astype(np.float32)


def hlg_to_display(signal: Floats) -> Floats:
    """Light of an HLG signal relative to diffuse white, shape (..., 3) (ITU-R BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luminance = np.maximum(scene @ _LUMINANCE, 1e-9)[..., None]
    light = scene * luminance ** (_SYSTEM_GAMMA - 1) * (_PEAK / _WHITE)
    return np.asarray(light, np.float32)


def tone_map(light: Floats) -> Floats:
    """Light on 0..1 from light relative to diffuse white, with the hues kept.

    The largest channel decides the gain. Up to diffuse white it is one half; the rest of the
    range is left for highlights up to the peak.
    """
    largest = light.max(axis=-1, keepdims=True)
    shown = np.interp(largest, *_CURVE)
    return np.asarray(light * (shown / np.maximum(largest, 1e-9)), np.float32)
