from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.analysis.optimised_for import model_rates, optimised_for
from core.evaluation.results import load_results
from core.store import ArtifactStore

SHIPPED = ArtifactStore(Path(__file__).parents[3] / "artifacts")
LABELS = {"avif_444": "AVIF 4:4:4", "bottleneck": "BNK", "bottleneck_visual": "BNK visual"}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Results of the reference, of BNK, and of a model with better scores and lower PSNR."""
    found = load_results(SHIPPED, "imagenette160").frame
    measured = found[found["ssimulacra2"].notna()]
    ours = measured[measured["codec"] == "bottleneck"]
    visual = ours.assign(
        codec="bottleneck_visual",
        psnr_db=ours["psnr_db"] - 1.5,
        ssimulacra2=ours["ssimulacra2"] + 5.0,
    )
    reference = measured[measured["codec"] == "avif_444"]
    return pd.concat([reference, ours, visual], ignore_index=True)


def test_each_model_wins_by_what_it_is_optimised_for(frame: pd.DataFrame) -> None:
    found = model_rates(frame)
    assert found["wins"].all()
    rates = found.set_index(["metric", "codec"])["bd_rate_percent"]
    assert rates["psnr_db", "bottleneck"] < rates["psnr_db", "bottleneck_visual"]
    assert rates["ssimulacra2", "bottleneck_visual"] < rates["ssimulacra2", "bottleneck"]

    [sentence] = optimised_for(found, frame, LABELS)
    by_psnr, by_score = sentence.split(";")
    assert sentence.startswith("**What is optimised decides who wins**: in bytes against AVIF")
    assert by_psnr.index("BNK ") < by_psnr.index("BNK visual ")
    images = frame["image"].nunique()
    assert by_psnr.endswith(f"at equal PSNR ({images} images)")
    assert by_score.index("BNK visual ") < by_score.index(" and BNK ")
    score = f"at equal SSIMULACRA2 ({images} images)"
    assert by_score.endswith(
        f"{score}, a score that has fewer than its six scales on images as small as these."
    )
    [large] = optimised_for(found, frame.assign(width=300, height=225), LABELS)
    assert large.endswith(f"{score}.")
    for value in rates:
        assert f"{value:+.0f} %".replace("-", "\u2212") in sentence


@pytest.mark.parametrize(("psnr_db", "ssimulacra2"), [(1.5, 5.0), (-1.5, -5.0), (0.0, 0.01)])
def test_nothing_is_claimed_unless_each_model_surely_wins_by_its_own_metric(
    frame: pd.DataFrame, psnr_db: float, ssimulacra2: float
) -> None:
    """One model wins by both metrics, or by so little that other images might decide otherwise."""
    ours = frame[frame["codec"] == "bottleneck"]
    generator = np.random.default_rng(0)
    visual = ours.assign(
        codec="bottleneck_visual",
        psnr_db=ours["psnr_db"] + psnr_db + generator.normal(0, 0.5, len(ours)),
        ssimulacra2=ours["ssimulacra2"] + ssimulacra2 + generator.normal(0, 2.0, len(ours)),
    )
    others = frame[frame["codec"] != "bottleneck_visual"]
    found = model_rates(pd.concat([others, visual], ignore_index=True))
    assert not found["wins"].all()
    [sentence] = optimised_for(found, frame, LABELS)
    assert "**" not in sentence
    assert sentence.startswith("In bytes against AVIF 4:4:4, by BD-rate, ")


@pytest.mark.parametrize("absent", LABELS)
def test_without_one_of_the_codecs_nothing_is_said(frame: pd.DataFrame, absent: str) -> None:
    rest = frame[frame["codec"] != absent]
    assert model_rates(rest).empty
    assert optimised_for(model_rates(rest), rest, LABELS) == []


def test_without_ssimulacra2_nothing_is_said(frame: pd.DataFrame) -> None:
    assert optimised_for(model_rates(frame.drop(columns="ssimulacra2")), frame, LABELS) == []
