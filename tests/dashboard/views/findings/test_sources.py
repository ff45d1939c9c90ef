"""Where the figures of Findings come from."""

from typing import Any

from core.store import Manifest
from dashboard.views.findings.sources import encoders_line, sources_table


def results_of(label: str, **facts: Any) -> Manifest:
    codec = {"label": label, "kind": "lossy"}
    return Manifest(f"results/x/{label}", "2026-01-01", {}, {"codec": codec, **facts}, {})


FOUND = [
    results_of("WebP", program="libwebp 1.6.0"),
    results_of("BNK", model="0123456789abcdef"),
    results_of("WebP, method 6", program="libwebp 1.6.0"),
    results_of("Old"),
]


def test_each_encoder_is_named_once_with_its_version_and_its_codecs() -> None:
    assert encoders_line(FOUND) == (
        "WebP; WebP, method 6: `libwebp 1.6.0`; BNK: `model 01234567`; Old: `unknown`"
    )


def test_the_table_names_the_encoder_of_every_codec() -> None:
    named = sources_table(FOUND)["encoder"]
    assert named.tolist()[:3] == ["libwebp 1.6.0", "model 01234567", "libwebp 1.6.0"]
    assert named.isna().tolist() == [False, False, False, True]
