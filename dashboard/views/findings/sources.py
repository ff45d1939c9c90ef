"""Provenance of a page's results: data, code, libraries, machine and date."""

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from core.analysis.labels import codecs_by_encoder
from core.evaluation.facts import encoder_of, measured_images
from core.evaluation.results import Results
from core.plain_english import counted
from core.store import Manifest
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.states import short_hash

_FACTS_IN_A_ROW = 3


def show_sources(results: Results, dataset: Manifest | None) -> None:
    """Provenance of all results on a page, folded: one line per fact, and its table."""
    manifests = results.manifests.values()
    with st.expander("Where these numbers come from", icon=":material/receipt_long:"):
        facts = _facts(manifests, dataset)
        for start in range(0, len(facts), _FACTS_IN_A_ROW):
            columns = st.columns(_FACTS_IN_A_ROW, gap="medium")
            for column, (label, value) in zip(columns, facts[start:], strict=False):
                with column:
                    st.caption(label)
                    st.markdown(value)
        st.caption("Encoders")
        st.markdown(encoders_line(manifests))
        download_csv(
            sources_table(manifests),
            file_name="bottleneck-sources.csv",
            key="csv-sources",
            label="Provenance of every codec as CSV",
        )


def sources_table(manifests: Iterable[Manifest]) -> pd.DataFrame:
    """One row per artifact: when, by which code, encoder and libraries, on which machine."""
    return pd.DataFrame(
        {
            "artifact": manifest.key,
            "created": manifest.created,
            "commit": manifest.commit,
            "dirty": manifest.provenance.get("dirty"),
            "dataset_sha256": images.sha256 if (images := measured_images(manifest)) else None,
            "rows": manifest.facts.get("rows"),
            "encoder": encoder_of(manifest),
            "cpu": manifest.provenance.get("cpu"),
            "cpu_count": manifest.provenance.get("cpu_count"),
            "platform": manifest.provenance.get("platform"),
            "python": manifest.provenance.get("python"),
            **{f"version_{name}": version for name, version in manifest.versions.items()},
        }
        for manifest in manifests
    )


def _facts(manifests: Iterable[Manifest], dataset: Manifest | None) -> list[tuple[str, str]]:
    table = sources_table(manifests)
    days = sorted(created[:10] for created in table["created"])
    split = dataset.facts.get("images_sha256") if dataset else None
    cores = _listed(table["cpu_count"].dropna().map(lambda count: counted(int(count), "core")))
    return [
        ("Test images (sha256)", _codes(table["dataset_sha256"])),
        ("Source files and split (sha256)", f"`{short_hash(split)}`"),
        ("Code (git commit)", _latest(table)),
        ("Measured on", days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"),
        ("Machine", f"{_listed(table['cpu'])}, {cores}"),
    ]


def encoders_line(manifests: Iterable[Manifest]) -> str:
    """Each library, program or model, with its version and the codecs that it wrote."""
    found = codecs_by_encoder(manifests)
    return "; ".join(f"{'; '.join(names)}: `{encoder}`" for encoder, names in found.items())


def _latest(table: pd.DataFrame) -> str:
    """Commit of the newest results, and from how many commits they are in all."""
    newest = table.sort_values("created")["commit"].iloc[-1]
    count = table["commit"].nunique(dropna=False)
    others = f", the latest of {count}; the CSV has each codec's" if count > 1 else ""
    return f"`{short_hash(newest)}`{others}"


def _listed(values: pd.Series) -> str:
    return ", ".join(sorted({str(value) for value in values.dropna()})) or "unknown"


def _codes(values: pd.Series) -> str:
    hashes = sorted({short_hash(value) for value in values})
    return ", ".join(f"`{value}`" for value in hashes)
