"""Which command adds a metric that is missing, and that none does where it is not defined."""

from pathlib import Path

import pandas as pd
import pytest

from core.metrics import metrics
from dashboard.views.rate_distortion.controls import metric_help, unmeasured_line

LABELS = {"jpeg": "JPEG", "webp": "WebP"}
ALL_BUT_ONE = [name for name in metrics() if name != "ms_ssim"]


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/prepared.manifest.json").write_text("{}")
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))


def results(side: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "codec": ["jpeg", "webp"],
            "width": [100.0, side],
            "height": [900.0, side],
            "bytes": [10.0, 10.0],
            "lossless": [False, False],
            "ms_ssim": [0.9, None],
        }
    )


@pytest.mark.parametrize(
    ("dataset", "images"),
    [
        ("imagenette160", ""),
        ("prepared", " --dataset prepared"),
        ("kodak", " --images DIR --dataset kodak"),
    ],
)
def test_the_command_is_for_the_data_set_that_is_shown(dataset: str, images: str) -> None:
    start = "`python -m pipelines.evaluate"
    explained = metric_help(ALL_BUT_ONE, results(176), dataset)
    assert f"{start}{images} --metric ms_ssim` adds them" in explained
    line = unmeasured_line(results(176), "ms_ssim", LABELS, dataset)
    assert line == f"Not measured for WebP: {start} webp{images} --metric ms_ssim`"


def test_no_command_is_given_for_a_metric_that_no_image_is_large_enough_for() -> None:
    explained = metric_help(ALL_BUT_ONE, results(175), "kodak")
    assert "Not defined for images as small as these: MS-SSIM." in explained
    assert "pipelines.evaluate" not in explained
