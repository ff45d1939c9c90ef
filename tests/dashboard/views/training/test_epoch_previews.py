import numpy as np
import pytest

from core.png import encode_png
from core.training_records.previews import join_preview, preview_originals, preview_psnr_db
from tests.dashboard.page_contents import captions, image_files, served_name
from tests.dashboard.views.training.committed_runs import AE40, AE80, VIEW, commit, preview


def served(preview):
    """Names under which Streamlit serves exactly the six images of a preview, at twice the size."""
    double = np.ones((2, 2, 1), np.uint8)
    return [
        served_name(encode_png(np.kron(image, double))) for image in np.split(preview, 6, axis=1)
    ]


def titles(app):
    return [line.value for line in app.markdown if ": PSNR " in line.value]


@pytest.fixture
def with_previews(tmp_path):
    """Folder of a store with a run of four previews, and one whose first epochs have none."""
    commit(tmp_path, "ae80", previews=(1, 2, 3, 4))
    commit(tmp_path, "ae40", epochs=6, previews=(5, 6))
    return tmp_path


def test_the_newest_images_of_each_run_are_shown_below_the_originals(open_page, with_previews):
    app = open_page(VIEW, with_previews)
    assert not app.exception
    expected = [join_preview(preview_originals()), preview(4), preview(6)]
    assert image_files(app) == [name for row in expected for name in served(row)]
    assert titles(app) == [
        f"**{AE80}** after epoch 4: PSNR {preview_psnr_db(preview(4)):.2f} dB",
        f"**{AE40}** after epoch 6: PSNR {preview_psnr_db(preview(6)):.2f} dB",
    ]
    assert app.get("image")[6].proto.imgs[0].alt == f"Face, {AE80} after epoch 4"


def test_one_slider_moves_all_runs_to_their_newest_images_at_or_before_an_epoch(
    open_page, with_previews
):
    app = open_page(VIEW, with_previews)
    assert app.select_slider(key="epoch").options == ["1", "2", "3", "4", "5", "newest"]
    app.select_slider(key="epoch").set_value(5).run()
    assert image_files(app)[6:] == served(preview(4)) + served(preview(5))
    app.select_slider(key="epoch").set_value(2).run()
    assert not app.exception
    assert image_files(app)[6:] == served(preview(2))
    assert f"**{AE40}** kept no images up to epoch 2." in captions(app)


@pytest.mark.slow
def test_the_address_restores_the_epoch_and_a_foreign_one_is_the_newest(open_page, with_previews):
    app = open_page(VIEW, with_previews, query={"epoch": "3", "runs": "ae80"})
    assert titles(app)[0].startswith(f"**{AE80}** after epoch 3:")
    app = open_page(VIEW, with_previews, query={"epoch": "77", "runs": "ae80"})
    assert not app.exception
    assert titles(app)[0].startswith(f"**{AE80}** after epoch 4:")


@pytest.mark.slow
def test_the_slider_follows_a_training_unless_a_person_chose_an_epoch(open_page, tmp_path):
    commit(tmp_path, "ae80", epochs=2, previews=(1, 2), running={"epoch": 3, "step": 0})
    app = open_page(VIEW, tmp_path)
    commit(tmp_path, "ae80", epochs=3, previews=(1, 2, 3), running={"epoch": 4, "step": 0})
    assert titles(app.run())[0].startswith(f"**{AE80}** after epoch 3:")
    app.select_slider(key="epoch").set_value(2).run()
    commit(tmp_path, "ae80", previews=(1, 2, 3, 4), running={"epoch": 5, "step": 0})
    assert titles(app.run())[0].startswith(f"**{AE80}** after epoch 2:")


def test_a_single_epoch_needs_no_slider(open_page, tmp_path):
    commit(tmp_path, "ae80", epochs=1, previews=(1,))
    app = open_page(VIEW, tmp_path)
    assert not app.exception
    assert len(image_files(app)) == 12
    assert not app.select_slider


def test_runs_without_images_say_so_in_one_line(open_page, trained):
    app = open_page(VIEW, trained)
    assert not app.exception
    assert image_files(app) == []
    assert "None of the chosen runs kept images" in captions(app)


def test_damaged_images_are_named_and_those_of_other_runs_shown(open_page, with_previews):
    (with_previews / "histories" / "ae40.png").write_bytes(b"no image")
    app = open_page(VIEW, with_previews)
    assert not app.exception
    assert any("histories/ae40.png" in warning.value for warning in app.warning)
    assert image_files(app)[6:] == served(preview(4))
