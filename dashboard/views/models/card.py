"""The card of one trained model: what it is, its limits, rates, layers, facts and files."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.analysis.labels import label_of
from core.plain_english import counted
from core.store import ArtifactError
from core.training_records.model_card import ExportCheck, ModelCard, Quality, TrainingSummary
from core.training_records.model_cards import (
    PREFIX,
    check_files,
    history_of_another,
    learned_codecs,
    model_id,
)
from dashboard import formats, glossary
from dashboard.data.store import open_store, store_state
from dashboard.views.models.example import show_example
from dashboard.views.models.internals import show_channels, show_layers
from dashboard.views.models.summary import description, limits_of, training_end
from dashboard.widgets.deferred import draw_when_reached
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.links import link_to_page
from dashboard.widgets.states import short_hash

_MULTIPLY_ADDS = "Multiply-accumulate operations per pixel of the image."
_VALUES = "Values in the latent per pixel. The image itself has three, of one byte each."
_MODEL_ID = (
    "The model id is two bytes of the sha256 of tables and decoder. Each file contains it, and a "
    "file of another model is refused instead of being decoded to garbage."
)
_FEW = (12, 34, 56, 72, 88, 100)


def show_card(model: ModelCard, means: pd.DataFrame) -> None:
    """Everything about one model: what it is, what it makes of an image and its limits first.

    Args:
        model: The model.
        means: Means per setting of its codec on the test images; empty where not measured.
    """
    left, right = st.columns([3, 4], gap="medium")
    with left:
        st.markdown(f"{description(model)} {training_end(model)}")
        show_training_link(model)
    with right:
        show_example(model.name)
    st.markdown(f"**Limits**\n{limits_of(model)}")
    show_tiles(model)
    draw_when_reached(
        partial(show_details, model, means),
        key=f"models-{model.name}",
        title=f"{label_of(model.name)} in detail",
        height=1100,
    )


def show_training_link(model: ModelCard) -> None:
    """Link to the model's training, and a caption where the history there is of another one."""
    link_to_page(
        "training",
        "How it was trained",
        icon=":material/model_training:",
        query={"runs": label_of(model.name)},
    )
    history = history_of_another(open_store(), model)
    if history is not None:
        written, published = (
            datetime.fromisoformat(found.created) for found in (history, model.manifest)
        )
        newer = ", newer" if written > published else ""
        st.caption(f"The history is that of another{newer} training.")


def show_details(model: ModelCard, means: pd.DataFrame) -> None:
    """Rates, layers and channels of a model, and what is folded away."""
    show_rates(model, means)
    left, right = st.columns(2, gap="medium")
    with left:
        show_layers(model)
    with right:
        show_channels(model)
    with st.expander("Where it comes from: data, code, machine, hashes"):
        show_facts(model)
    with st.expander("Files and their verification"):
        show_files(model)


def show_tiles(model: ModelCard) -> None:
    """The figures that models are compared by."""
    work = model.multiply_adds_per_pixel
    quality = model.validation
    split = ", ".join(f"{name} {count:,.0f}" for name, count in work.items())
    tiles = [
        ("Parameters", _whole(model.parameters), None),
        ("Multiply-adds/pixel", _whole(sum(work.values()) or None), f"{_MULTIPLY_ADDS} {split}."),
        ("Latent", _shape(model.latent), "Of a 160x160 image: rows, columns, channels."),
        ("Values per pixel", _number(model.values_per_pixel), _VALUES),
    ]
    if quality is not None:
        tiles.append(("PSNR, float latent", _number(quality.psnr_db, " dB"), _validated(quality)))
    with st.container(horizontal=True, gap="small"):
        for label, value, help_text in tiles:
            st.metric(label, value, help=help_text, border=True, width=168)


def show_facts(model: ModelCard) -> None:
    """Where the model comes from: data, code and machine."""
    training, provenance = model.training, model.manifest.provenance
    epochs = f"{_whole(training.epochs)}, weights of epoch {_whole(training.best_epoch)}"
    rows = {
        "Model id in its files": _model_id(model),
        **_float_latent_facts(model),
        "Training images (sha256)": f"`{short_hash(model.data_digest)}`",
        "Epochs": epochs,
        **_unusual_facts(training),
        "Training time": _span(training.seconds),
        "Images seen in all": _whole(training.images_seen),
        "Seed": "unknown" if training.seed is None else str(training.seed),
        "Computed with": ", ".join(training.computed_with) or "unknown",
        **_engine_facts(training),
        "Code (git commit)": f"`{short_hash(model.manifest.commit)}`",
        "Exported on": f"{provenance.get('cpu', 'unknown')}, {model.manifest.created[:10]}",
        "ONNX against Keras": _difference(model.export),
        "Bytes on disk": f"{model.bytes_on_disk:,} in {counted(len(model.manifest.files), 'file')}",
    }
    table = pd.DataFrame(rows.items())
    st.table(table, border="horizontal", hide_header=True, hide_index=True)
    st.caption(_MODEL_ID)


def show_rates(model: ModelCard, means: pd.DataFrame) -> None:
    """Size and quality of its files at a few settings."""
    st.subheader(
        "Size and quality of its files", help=f"{glossary.BITS_PER_PIXEL} {glossary.FLOAT_LATENT}"
    )
    if means.empty:
        st.markdown("Not measured on the test images yet:")
        st.code(f"python -m pipelines.evaluate {model.name}", language=None)
        return
    shown = means[means["dial"].isin(_FEW) | means["dial"].isna()]
    shown = (shown if len(shown) > 1 else means).sort_values("dial", na_position="last")
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "setting": st.column_config.TextColumn("Setting", help=glossary.FLOAT_LATENT),
        "bits_per_pixel": number(
            "Bits per pixel", format=formats.BITS_PER_PIXEL, help=glossary.BITS_PER_PIXEL
        ),
        "bytes": number("Bytes", format=formats.BYTES, help="Mean size of the whole file."),
        "psnr_db": number("PSNR (dB)", format=formats.DECIBELS, help=glossary.PSNR),
        "ssim": number("SSIM", format=formats.SSIM, help=glossary.SSIM),
        "images": number("Images", format="localized"),
    }
    st.dataframe(
        shown.assign(bytes=shown["bytes"].round()),
        hide_index=True,
        column_order=list(columns),
        column_config=columns,
        height="content",
        placeholder="no file",
    )
    download_csv(means, file_name=f"{model.name}-rates.csv", key="csv-rates")


def show_files(model: ModelCard) -> None:
    """The files and a button that checks them."""
    if st.button("Verify every file", icon=":material/verified:", key="verify"):
        checks = check_files(open_store(), model)
        _show_verdict([check.name for check in checks if check.fault], len(checks))
        faults = {check.name: check.fault or "as it was written" for check in checks}
    else:
        faults = {name: "not checked" for name in model.manifest.files}
    rows = [
        {"file": name, "bytes": entry.bytes, "state": faults[name], "sha256": entry.sha256}
        for name, entry in sorted(model.manifest.files.items())
    ]
    columns: dict[str, Any] = {
        "file": st.column_config.TextColumn("File", pinned=True),
        "bytes": st.column_config.NumberColumn("Bytes", format="localized"),
        "state": "State",
        "sha256": "sha256 in the manifest",
    }
    table = pd.DataFrame(rows, columns=list(columns))
    st.dataframe(table, hide_index=True, column_config=columns, height="content")
    download_csv(table, file_name=f"{model.name}-files.csv", key="csv-files")


def _show_verdict(faulty: Sequence[str], count: int) -> None:
    if faulty:
        st.error(f"Not as written: {', '.join(faulty)}.", icon=":material/gpp_bad:")
    else:
        st.success(
            f"All {count} files have the sha256 of their manifest.", icon=":material/verified:"
        )


def _float_latent_facts(model: ModelCard) -> dict[str, str]:
    """Metrics as in the thesis, from the float latent; nothing for a model without one."""
    quality = model.validation
    return {} if quality is None else {"SSIM, float latent": _number(quality.ssim, "", 4)}


def _unusual_facts(training: TrainingSummary) -> dict[str, str]:
    """What went wrong on the way, where something did."""
    count = training.undone_epochs
    return {"Epochs that diverged and were undone": _whole(count)} if count else {}


def _engine_facts(training: TrainingSummary) -> dict[str, str]:
    """How the steps were run, where the card says so."""
    engines = [one for one in (*training.earlier_engines, training.engine) if one]
    return {"Engine": "; then ".join(map(_engine, engines))} if engines else {}


def _engine(engine: Mapping[str, Any]) -> str:
    told = {"augment": "images varied", "photographs": "crops of photographs too"}
    limit = [f"{engine['minutes']:g} minutes"] if engine.get("minutes") else []
    parts = [str(engine.get("name", "unknown")), *limit]
    return ", ".join([*parts, *(text for name, text in told.items() if engine.get(name))])


def _model_id(model: ModelCard) -> str:
    codec = learned_codecs().get(model.name)
    if codec is None:
        return "no codec of this name"
    try:
        return f"`{_written_id(model.name, store_state(f'{PREFIX}{model.name}'))}`"
    except (ArtifactError, ValueError) as error:
        return str(error)


@st.cache_data(max_entries=16, show_spinner=False)
def _written_id(name: str, state: str) -> str:
    return model_id(learned_codecs()[name], open_store())


def _validated(quality: Quality) -> str:
    over = f" Mean over {counted(quality.images, 'validation image')}." if quality.images else ""
    return f"{glossary.FLOAT_LATENT}{over}"


def _difference(export: ExportCheck | None) -> str:
    if export is None:
        return "unknown"
    levels, images = export
    return f"at most {levels:.1e} of 255 levels apart, on {images or 'some'} images"


def _span(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds / 60:,.0f} minutes"


def _whole(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.0f}"


def _number(value: float | None, unit: str = "", digits: int = 2) -> str:
    return "unknown" if value is None else f"{value:.{digits}f}{unit}"


def _shape(latent: Sequence[int] | None) -> str:
    # No spaces, for a tile is narrow.
    return "x".join(map(str, latent)) if latent else "unknown"
