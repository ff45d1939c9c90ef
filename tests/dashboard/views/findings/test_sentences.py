"""The page and the report say the same."""

import shutil
from io import BytesIO
from pathlib import Path

import pandas as pd

from core.report.content import build_report
from core.store import ArtifactStore
from tests.dashboard.page_contents import OpenPage


def test_page_and_report_name_the_same_format_whichever_is_the_best(
    open_page: OpenPage, full_store: Path, tmp_path: Path
) -> None:
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "best"))
    source = "results/imagenette160/avif_444"
    table = pd.read_parquet(BytesIO(store.read(source, "avif_444.parquet")))
    table["codec"] = pd.Categorical(["avif"] * len(table))
    table[["bytes", "bits_per_pixel"]] *= 0.5
    data = BytesIO()
    table.to_parquet(data, index=False)
    facts = store.manifest(source).facts
    store.commit("results/imagenette160/avif", {"avif.parquet": data.getvalue()}, facts=facts)
    sections = build_report(store).sections
    sentences = next(one for one in sections if one.name == "findings").paragraphs
    assert sentences[0].startswith("**AVIF needs ")
    shown = [one.value for one in open_page("findings", store.root).markdown]
    assert [text for text in shown if text.startswith("- **")][: len(sentences)] == [
        f"- {sentence}" for sentence in sentences
    ]
