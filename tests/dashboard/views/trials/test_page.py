import os
import shutil
import time
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import optuna
import pytest

from core.search.spaces import get_space
from core.search.storage import live_path
from core.search.study_reading import read_study
from core.search.trial_previews import TrialPreviews
from core.store import ArtifactStore
from core.training_records.previews import preview_psnr_db
from dashboard.charts.colors import codec_style
from dashboard.views.trials.charts import PLOTS
from tests.dashboard.page_contents import captions, chart, frame_with
from tests.dashboard.views.trials.written_studies import write_study

VIEW = "trials"
SHIPPED = Path(__file__).parents[4] / "artifacts"


@pytest.fixture(scope="session")
def studied_store(tmp_path_factory):
    """Folder of a store with two studies."""
    store = ArtifactStore(tmp_path_factory.mktemp("studies"))
    write_study(store, "ae80")
    write_study(store, "ae40", trials=3)
    return store.root


@pytest.mark.slow
def test_studies_are_listed_with_their_counts_and_budgets(open_page, studied_store):
    app = open_page(VIEW, studied_store)
    assert not app.exception
    table = frame_with(app, "best_value").set_index("study")
    assert table.loc["ae80", ["complete", "pruned", "fail"]].tolist() == [5, 1, 0]
    assert table.loc["ae40", "trials"] == 3
    assert table["epochs"].tolist() == [2, 2]
    assert not table["live"].any()


def test_the_optimum_of_the_thesis_stands_beside_ours(open_page, studied_store):
    app = open_page(VIEW, studied_store)
    table = app.table[0].value.set_index("Model")
    assert list(table.index) == ["Autoencoder, 1 layer (80x80)", "Autoencoder, 2 layers (40x40)"]
    row = table.loc["Autoencoder, 1 layer (80x80)"]
    assert "learning rate 0.0015" in row["Thesis' values"]
    assert "(trial 0)" in row["Thesis' values"]
    assert "score **" in row["Best found"]


@pytest.mark.slow
def test_the_address_restores_study_filter_plot_and_chosen_trials(open_page, studied_store):
    query = {
        "study": "ae80",
        "ae80-states": ["complete"],
        "plot": "Distribution",
        "ae80-chosen": ["0", "4"],
    }
    app = open_page(VIEW, studied_store, query=query)
    assert "5 of 6 trials pass the filter" in captions(app)
    assert app.segmented_control(key="plot").value == "edf"
    assert app.multiselect(key="ae80-chosen").value == [0, 4]
    assert "Drawn from the 5 filtered trials. The 2 chosen stand out." in captions(app)


def test_the_ticks_of_the_table_stand_on_the_chosen_trials_in_every_order(open_page, studied_store):
    app = open_page(VIEW, studied_store, query={"study": "ae80", "ae80-chosen": ["0", "4"]})

    def ticked():
        numbers = frame_with(app, "mark")["number"]
        return {int(numbers[row]) for row in app.session_state["ae80-table"]["selection"]["rows"]}

    assert ticked() == {0, 4}
    for sort in ("number", "seconds"):
        app.selectbox(key="ae80-sort").set_value(sort).run()
        assert ticked() == {0, 4}
    app.pills(key="ae80-states").set_value(["pruned"]).run()
    assert ticked() == set()
    assert app.multiselect(key="ae80-chosen").value == [0, 4]


def test_what_a_plot_draws_beyond_the_table_can_be_saved(open_page, studied_store):
    def saved(plot):
        app = open_page(VIEW, studied_store, query={"study": "ae80", "plot": plot})
        return {button.proto.id.rpartition("-csv-")[2] for button in app.get("download_button")}

    assert {"overlay", "plot", "trials"} <= saved("Learning curves")
    assert "plot" not in saved("Slices")


def test_the_filter_reaches_the_table_and_the_plot(open_page, studied_store):
    app = open_page(VIEW, studied_store, query={"study": "ae80"})
    assert len(frame_with(app, "number")) == 6
    app.pills(key="ae80-states").set_value(["pruned"]).run()
    assert frame_with(app, "number")["number"].tolist() == [3]
    assert app.info[0].value == "This plot needs 1 complete trial; the choice has 0."
    assert "needs 1 complete trial; the choice has 0" in app.info[0].value


@pytest.mark.slow
def test_one_chosen_trial_shows_its_details_and_how_to_train_it_in_full(open_page, studied_store):
    app = open_page(VIEW, studied_store, query={"study": "ae80", "ae80-chosen": ["0"]})
    commands = [block.value for block in app.code]
    assert commands == [
        "python -m pipelines.train ae80 --name ae80_trial_0 --filters 64 --activation relu "
        "--learning-rate 0.0015"
    ]
    assert "parameter" in frame_with(app, "kind")["kind"].tolist()
    assert len(chart(app, "reports-one")["data"]) == 1


def test_the_link_to_a_trial_opens_its_study_and_the_trial(open_page, tmp_path):
    store = ArtifactStore(tmp_path)
    write_study(store, "ae80", trials=1)
    write_study(store, "ae80", trials=2, name="mine")
    label = "Autoencoder, 1 layer (80x80): mine"
    app = open_page(VIEW, tmp_path, query={"study": label, "mine-chosen": "1"})
    (link,) = (found.proto for found in app.get("page_link") if found.proto.page == "trials")
    query = {name: values[0] for name, values in parse_qs(link.query_string).items()}
    opened = open_page(VIEW, tmp_path, query=query)
    assert opened.segmented_control(key="study").value == "mine"
    assert opened.multiselect(key="mine-chosen").value == [1]


@pytest.mark.slow
def test_compared_trials_show_only_what_differs(open_page, studied_store):
    app = open_page(VIEW, studied_store, query={"study": "ae80", "ae80-chosen": ["0", "4"]})
    table = frame_with(app, "Trial 4").set_index("property")
    assert "learning_rate" in table.index
    assert "ssim" not in table.index
    assert "state" not in table.index
    assert len(chart(app, "reports-many")["data"]) == 2


@pytest.mark.slow
def test_every_plot_of_optuna_is_drawn(open_page, studied_store):
    app = open_page(VIEW, studied_store, query={"study": "ae40"})
    assert app.segmented_control(key="plot").options == [plot.label for plot in PLOTS.values()]
    for key in PLOTS:
        app.segmented_control(key="plot").set_value(key).run()
        assert not app.exception, key
        assert chart(app, f"plot-{key}")["data"], key


def test_importances_name_their_evaluator_and_warn_of_few_trials(open_page, studied_store):
    app = open_page(VIEW, studied_store, query={"plot": "Importances"})
    assert "PED-ANOVA" in captions(app)
    assert "says little" in captions(app)


def test_studies_stand_side_by_side_in_one_figure(open_page, studied_store):
    app = open_page(VIEW, studied_store)
    drawn = chart(app, "overlay-figure")["data"]
    colors = {trace["legendgroup"]: trace["line"]["color"] for trace in drawn}
    assert colors == {name: codec_style(name).color for name in ("ae80", "ae40")}
    assert any("Autoencoder, 2 layers (40x40)" in trace["name"] for trace in drawn)


@pytest.mark.slow
def test_studies_of_other_directions_are_not_laid_over(open_page, tmp_path):
    store = ArtifactStore(tmp_path)
    write_study(store, "ae80", trials=2)
    write_study(store, "ae40", trials=2, direction="minimize")
    app = open_page(VIEW, tmp_path)
    assert "Only studies with one and the same direction" in app.warning[0].value
    assert "ae40 (minimize)" in app.warning[0].value


@pytest.mark.slow
def test_a_running_search_is_followed_and_a_silent_one_is_not(open_page, tmp_path):
    store = ArtifactStore(tmp_path)
    write_study(store, "ae80", trials=2, running=True)
    table = frame_with(open_page(VIEW, tmp_path), "best_value")
    assert table["live"].tolist() == [True]
    assert table["waiting"].tolist() == [1]
    then = time.time() - 3600
    os.utime(live_path(store, "ae80"), (then, then))
    assert frame_with(open_page(VIEW, tmp_path), "best_value")["live"].tolist() == [False]


def test_an_empty_store_says_which_command_makes_a_study(open_page, empty_store):
    app = open_page(VIEW, empty_store)
    assert not app.exception
    assert [block.value for block in app.code] == ["python -m pipelines.search ae80"]


def test_trials_of_one_epoch_are_told_in_the_singular(open_page, tmp_path):
    write_study(ArtifactStore(tmp_path), "ae80", trials=1, epochs=1)
    app = open_page(VIEW, tmp_path)
    assert "Each trial trains on 64 images for 1 epoch, once, and is judged on 16" in captions(app)
    assert "Drawn from the 1 filtered trial." in captions(app)
    assert "nothing better was found** in 1 trial." in app.markdown[0].value


def test_a_damaged_study_is_named_and_the_others_are_shown(open_page, studied_store, tmp_path):
    root = shutil.copytree(studied_store, tmp_path / "damaged")
    file = root / "studies" / "ae80.db"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    app = open_page(VIEW, root)
    assert not app.exception
    assert "studies/ae80.db" in app.warning[0].value
    assert frame_with(app, "best_value")["study"].tolist() == ["ae40"]


def preview(seed):
    return np.random.default_rng(seed).integers(0, 256, (64, 384, 3), dtype=np.uint8)


@pytest.fixture
def previews_store(studied_store, tmp_path):
    """Folder of a store whose trials 0 and 4 of ae80 have packed previews and 1 one on its own."""
    root = shutil.copytree(studied_store, tmp_path / "strips")
    store = ArtifactStore(root)
    study, previews = read_study(store, "ae80"), TrialPreviews(store, "ae80")
    for number in (0, 4):
        previews.save(preview(number), number=number, started=study.trials[number].started)
    previews.pack(study)
    previews.save(preview(1), number=1, started=study.trials[1].started)
    return root


def titles(app):
    return [line.value for line in app.markdown if ": PSNR " in line.value]


@pytest.mark.slow
def test_a_chosen_trial_shows_what_it_made_of_the_six_images(open_page, previews_store):
    app = open_page(VIEW, previews_store, query={"study": "ae80", "ae80-chosen": ["4"]})
    assert not app.exception
    images = [image.proto.imgs[0].alt for image in app.get("image")]
    assert images[0] == "Face, original"
    assert images[6:] == [f"{name.partition(',')[0]}, Trial 4" for name in images[:6]]
    assert titles(app) == [f"**Trial 4**: PSNR {preview_psnr_db(preview(4)):.2f} dB"]
    assert "no images here" not in captions(app)


@pytest.mark.slow
def test_compared_trials_show_their_images_below_each_other(open_page, previews_store):
    query = {"study": "ae80", "ae80-chosen": ["0", "1", "2", "3", "4"]}
    app = open_page(VIEW, previews_store, query=query)
    assert not app.exception
    assert [title.partition(":")[0] for title in titles(app)] == [
        "**Trial 0**",
        "**Trial 1**",
        "**Trial 4**",
    ]
    assert len(app.get("image")) == 4 * 6
    assert "Trials 2 and 3 have no images here." in captions(app)


@pytest.mark.slow
def test_a_trial_without_images_says_so_in_one_line(open_page, studied_store):
    app = open_page(VIEW, studied_store, query={"study": "ae80", "ae80-chosen": ["4"]})
    assert not app.exception
    assert not app.get("image")
    assert "Trial 4 has no images here." in captions(app)


@pytest.mark.slow
def test_damaged_images_of_trials_are_named_and_the_page_goes_on(open_page, previews_store):
    (previews_store / "strips" / "ae80.png").unlink()
    app = open_page(VIEW, previews_store, query={"study": "ae80", "ae80-chosen": ["0", "4"]})
    assert not app.exception
    assert any("strips/ae80.png" in line.value for line in app.markdown)
    assert chart(app, "plot-history")["data"]


def test_the_published_trial_is_the_one_that_the_shipped_model_was_trained_with(
    open_page, tmp_path
):
    (tmp_path / "studies").mkdir()
    for file in (SHIPPED / "studies").glob("ae40_rd.*"):
        shutil.copy(file, tmp_path / "studies")
    assert "published" not in _front(open_page(VIEW, tmp_path))
    store, key = ArtifactStore(tmp_path), "models/ae40_rd"
    config = ArtifactStore(SHIPPED).manifest(key).facts["config"]
    store.commit(key, {"ae40_rd.keras": b""}, facts={"config": config})
    expected = "Trial 32, with the published model's values, is one of them."
    assert expected in _front(open_page(VIEW, tmp_path))
    study = read_study(store, "ae40_rd")
    other = next(trial for trial in study.finite if trial not in study.front)
    config |= get_space("ae40_rd").suggest(optuna.trial.FixedTrial(other.params))
    store.commit(key, {"ae40_rd.keras": b""}, facts={"config": config})
    expected = f"Trial {other.number}, with the published model's values, is not one of them."
    assert expected in _front(open_page(VIEW, tmp_path))


def _front(app):
    assert not app.exception
    return next(line.value for line in app.markdown if "are on the front of" in line.value)
