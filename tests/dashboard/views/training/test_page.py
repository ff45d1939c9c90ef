import json

import pytest

from core.store import ArtifactStore
from tests.dashboard.page_contents import captions, chart, frame_with, trace_names
from tests.dashboard.views.training.committed_runs import AE40, AE80, CONFIG, HEADER, VIEW, commit

PHASES = ("training", "validation")
_UNUSUAL = {"first_stop", "undone_epochs"}
LEVEL_MEASURES = ("bits_per_pixel", "psnr_db", "ssim")


def test_runs_lie_over_one_another_in_a_chart_per_measure(open_page, trained):
    app = open_page(VIEW, trained)
    assert not app.exception
    expected = {f"{run}, {phase}" for run in (AE80, AE40) for phase in PHASES}
    assert set(trace_names(chart(app, "curve-loss"))) == expected
    assert set(trace_names(chart(app, "curve-psnr_db"))) == expected


def test_only_what_differs_between_the_runs_is_shown(open_page, trained):
    app = open_page(VIEW, trained)
    assert list(app.table[0].value.index) == ["learning_rate"]
    assert list(app.table[0].value.loc["learning_rate"]) == ["0.0015", "0.0017"]
    assert list(app.table[0].value) == [AE80, AE40]


def test_fields_that_only_some_runs_have_are_folded_away(open_page, trained):
    commit(trained, "ae20", lr_drops=3)
    app = open_page(VIEW, trained)
    assert list(app.table[0].value.index) == ["learning_rate"]
    assert "not set" not in app.table[0].value.to_numpy()
    assert "lr_drops" in app.expander[0].table[0].value.index


@pytest.mark.slow
def test_a_measure_that_no_chosen_run_has_makes_no_empty_chart(open_page, trained):
    text = "epoch,loss,bits_per_pixel\n1,0.5,1.2\n2,0.4,1.1\n"
    facts = {"model": "bottleneck", "config": CONFIG, "running": None}
    files = {"bottleneck.csv": text.encode()}
    ArtifactStore(trained).commit("histories/bottleneck", files, facts=facts)
    assert chart(open_page(VIEW, trained), "curve-bits_per_pixel")["data"]
    app = open_page(VIEW, trained, query={"runs": "ae80"})
    assert not app.exception
    keys = [found.proto.id for found in app.get("plotly_chart")]
    assert not [key for key in keys if key.endswith("curve-bits_per_pixel")]
    assert all(json.loads(found.proto.spec)["data"] for found in app.get("plotly_chart"))
    assert "Not recorded by these runs: Bits per pixel." in captions(app)


def test_runs_without_the_chosen_axis_are_named(open_page, trained):
    text = "epoch,loss\n1,0.5\n2,0.4\n"
    facts = {"model": "mine", "config": CONFIG, "running": None}
    ArtifactStore(trained).commit("histories/mine", {"mine.csv": text.encode()}, facts=facts)
    app = open_page(VIEW, trained, query={"runs": ["ae80", "mine"], "over": "Images seen"})
    assert not app.exception
    assert [one.value for one in app.info] == [
        "Without images seen in the history, so not drawn: mine."
    ]
    alone = open_page(VIEW, trained, query={"runs": "mine", "over": "Images seen"})
    assert not alone.exception
    assert "Not recorded by these runs" not in captions(alone)


def test_the_page_says_what_its_losses_and_its_psnr_are_of(open_page, trained):
    text = "epoch,validation_loss,validation_bits_per_pixel\n1,0.5,1.2\n2,0.4,1.1\n"
    facts = {"model": "bottleneck", "config": CONFIG, "running": None}
    files = {"bottleneck.csv": text.encode()}
    ArtifactStore(trained).commit("histories/bottleneck", files, facts=facts)
    both = captions(open_page(VIEW, trained, query={"runs": ["ae80", "BNK"]}))
    assert both.count("Losses of the two kinds cannot be compared.") == 2
    alone = captions(open_page(VIEW, trained, query={"runs": "ae80"}))
    assert "Loss: mean squared error" in alone
    assert "before any quantisation" in alone


def _page_of(open_page, folder, rows, **facts):
    """The page on a training with these rows of its history, as CSV."""
    known = {"model": "mine", "config": CONFIG, "running": None, **facts}
    ArtifactStore(folder).commit("histories/mine", {"mine.csv": rows.encode()}, facts=known)
    app = open_page(VIEW, folder, query={"runs": "mine"})
    assert not app.exception
    return app


def test_dead_units_are_shown_per_layer_where_a_training_counted_them(open_page, trained):
    columns = "units,dead_units,rare_units,dead_units_relu_1,rare_units_relu_1,dead_units_relu_2"
    text = f"epoch,validation_loss,{columns}\n1,0.5,96,3,1,2,1,1\n2,0.4,96,7,2,5,2,2\n"
    app = _page_of(open_page, trained, text)
    lines = [line.value for line in app.markdown]
    assert "After epoch 2: **7 of 96 units are dead**, 2 more are rare." in lines
    drawn = chart(app, "units-mine")
    assert drawn["data"][0]["y"] == ["relu_1", "relu_2"]
    measures = app.multiselect(key="measures").options
    assert "Dead units" in measures
    assert not [name for name in measures if "relu" in name]


def test_one_dead_unit_is_no_plural(open_page, trained):
    text = "epoch,validation_loss,dead_units_relu_1,rare_units_relu_1\n1,0.5,1,1\n"
    app = _page_of(open_page, trained, text)
    lines = [line.value for line in app.markdown]
    assert "After epoch 1: **1 unit is dead**, 1 more is rare." in lines


def test_units_that_were_not_counted_after_the_kept_epoch_are_not_called_zero(open_page, trained):
    header = "epoch,validation_loss,units,dead_units_relu_1,rare_units_relu_1"
    text = f"{header}\n1,0.3,,,\n2,0.4,1200,5,2\n"
    app = _page_of(open_page, trained, text)
    lines = [line.value for line in app.markdown]
    assert "Units were not counted after epoch 1, whose weights are kept." in lines
    assert not [line for line in lines if "are dead" in line]
    assert not [found for found in app.get("plotly_chart") if "units-mine" in found.proto.id]


def test_a_training_that_counted_no_units_says_so(open_page, trained):
    app = _page_of(open_page, trained, "epoch,validation_loss\n1,0.3\n")
    lines = [line.value for line in app.markdown]
    assert "This training did not count them: an earlier version ran it." in lines


def test_the_total_of_the_units_is_of_the_same_epoch_as_the_dead_ones(open_page, trained):
    text = "epoch,validation_loss,units,dead_units_relu_1\n1,0.3,96,5\n2,0.4,1200,7\n"
    app = _page_of(open_page, trained, text)
    assert any("**5 of 96 units are dead**" in line.value for line in app.markdown)


def test_the_kept_epoch_is_marked_where_losses_of_stages_differ(open_page, trained):
    text = "epoch,validation_loss\n1,0.2\n2,0.4\n3,0.3\n"
    app = _page_of(open_page, trained, text, best_epoch=3, stage_starts=[1, 2])
    assert chart(app, "curve-loss")["data"][-1]["x"] == [3.0]
    assert frame_with(app, "best_epoch")["best_epoch"].tolist() == [3.0]


def test_what_early_stopping_and_the_guard_did_has_columns_where_it_happened(open_page, trained):
    text = "epoch,validation_loss\n1,0.2\n2,0.4\n"
    assert not _UNUSUAL & _columns_of_runs(_page_of(open_page, trained, text))
    app = _page_of(open_page, trained, text, first_stop=1, undone_epochs=2)
    assert _columns_of_runs(app) >= _UNUSUAL
    assert frame_with(app, "best_epoch")[sorted(_UNUSUAL)].iloc[0].tolist() == [1, 2]


def _columns_of_runs(app):
    table = next(frame for frame in app.dataframe if "best_epoch" in frame.value)
    return set(table.proto.column_order)


@pytest.mark.slow
def test_one_run_alone_shows_its_whole_configuration(open_page, trained):
    app = open_page(VIEW, trained, query={"runs": "ae80"})
    assert set(trace_names(chart(app, "curve-loss"))) == {f"{AE80}, {phase}" for phase in PHASES}
    assert list(app.table[0].value.index) == list(CONFIG)


@pytest.mark.slow
def test_the_address_restores_runs_measures_axis_scale_and_smoothing(open_page, trained):
    query = {
        "runs": "ae40",
        "measures": "Loss",
        "over": "Minutes",
        "log": "false",
        "smoothing": "0.5",
    }
    app = open_page(VIEW, trained, query=query)
    assert not app.exception
    figure = chart(app, "curve-loss")
    assert figure["layout"]["xaxis"]["title"]["text"] == "Minutes"
    assert figure["layout"]["yaxis"].get("type") != "log"
    assert app.slider(key="smoothing").value == 0.5
    raw = [trace for trace in figure["data"] if not trace.get("name")]
    assert raw
    assert not [c for c in app.get("plotly_chart") if c.proto.id.endswith("curve-psnr_db")]


def test_the_numbers_behind_the_curves_can_be_downloaded(open_page, trained):
    app = open_page(VIEW, trained)
    assert len(frame_with(app, "total_seconds")) == 10
    keys = {button.proto.id.rpartition("-csv-")[2] for button in app.get("download_button")}
    assert keys == {"runs", "differences", "epochs"}


@pytest.mark.slow
def test_no_run_and_no_measure_give_a_sentence_in_place_of_charts(open_page, trained):
    app = open_page(VIEW, trained)
    app.multiselect(key="measures").set_value([]).run()
    assert "No measure is chosen" in app.info[0].value
    app.multiselect(key="runs").set_value([]).run()
    assert not app.exception
    assert "No run is chosen" in app.info[0].value


def test_an_empty_store_names_the_command_that_trains(open_page, empty_store):
    app = open_page(VIEW, empty_store)
    assert not app.exception
    assert any("pipelines.train" in code.value for code in app.code)


def test_a_damaged_history_is_named_and_the_others_are_drawn(open_page, trained):
    (trained / "histories" / "ae40.csv").write_text("epoch\n1\n")
    app = open_page(VIEW, trained)
    assert not app.exception
    assert "histories/ae40.csv" in app.warning[0].value
    assert set(trace_names(chart(app, "curve-loss"))) == {f"{AE80}, {phase}" for phase in PHASES}


def test_a_model_with_quality_levels_shows_its_curve_moving(open_page, tmp_path):
    columns = [f"validation_{name}_{level}" for level in (1, 90) for name in LEVEL_MEASURES]
    header = f"{HEADER},{','.join(columns)}"
    rows = [
        f"{epoch},{1 / epoch},20,{1.1 / epoch},19,100,60,60,{0.3 / epoch},22,0.7,{2 / epoch},35,0.9"
        for epoch in (1, 2)
    ]
    facts = {"model": "bottleneck", "config": CONFIG, "running": None}
    files = {"bottleneck.csv": "\n".join([header, *rows, ""]).encode()}
    ArtifactStore(tmp_path).commit("histories/bottleneck", files, facts=facts)

    app = open_page(VIEW, tmp_path, query={"curve_bottleneck": "SSIM"})
    assert not app.exception
    figure = chart(app, "levels-bottleneck")
    assert set(trace_names(figure)) == {"epoch 1", "epoch 2, kept"}
    assert figure["layout"]["yaxis"]["title"]["text"] == "SSIM"
    assert set(trace_names(chart(app, "curve-psnr_db"))) == {f"BNK, {phase}" for phase in PHASES}
