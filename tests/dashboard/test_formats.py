"""Units and digits of a metric come from the metric itself."""

from types import SimpleNamespace

import pytest

import core.metrics
from core.metrics import metrics
from dashboard.data.curves import View
from dashboard.formats import metric_d3_format, metric_text
from dashboard.views.rate_distortion.read_off import ReadOff
from dashboard.widgets.reconstruction_table import spelled_cell

TEXTS = {
    "psnr_db": "0.90 dB",
    "ssim": "0.9000",
    "ssimulacra2": "0.90",
    "ms_ssim_4": "0.9000",
    "ms_ssim": "0.9000",
    "psnr_hvs_m": "0.90 dB",
}


@pytest.mark.parametrize("metric", list(metrics()))
def test_each_metric_is_written_alike_wherever_it_is_read_off(metric: str) -> None:
    text = ReadOff(0.9, 1.0).value_text(View("tiny", metric))
    assert text == TEXTS[metric]
    assert metric_text(metric, 0.9) == spelled_cell(metric, 0.9) == text.removesuffix(" dB")
    assert len(f"{0.9:{metric_d3_format(metric)}}") == len(metric_text(metric, 0.9))


def test_the_psnr_of_the_mean_error_has_its_unit_too() -> None:
    assert ReadOff(30.0, 1.0).value_text(View("tiny", "psnr_db", pooled=True)) == "30.00 dB"


@pytest.mark.parametrize(
    ("stated", "text"),
    [
        ({"LABEL": "LPIPS", "RANGE": (0.0, 1.0)}, "0.2500"),
        ({"LABEL": "VMAF", "RANGE": (0.0, 100.0)}, "0.25"),
        ({"LABEL": "Colour difference (JND)", "RANGE": (0.0, 100.0)}, "0.25 JND"),
        ({"LABEL": "PSNR-Y (dB)"}, "0.25 dB"),
        ({"LABEL": "Butteraugli"}, "0.25"),
    ],
)
def test_a_new_metric_needs_no_entry_of_its_own(monkeypatch, stated, text: str) -> None:
    found = {**metrics(), "mine": SimpleNamespace(NAME="mine", **stated)}
    monkeypatch.setattr(core.metrics, "_found", lambda: found)
    assert ReadOff(0.25, 1.0).value_text(View("tiny", "mine")) == text
