from pathlib import Path

import numpy as np
import pytest

from core.codecs import get_codec
from core.images import Image
from core.metrics import psnr_db
from core.png import encode_png
from tests.dashboard.page_contents import OpenPage
from tests.dashboard.views.compare.compared import QUICK, layer_names, page_text


@pytest.mark.slow
def test_several_images_have_a_mean_and_one_is_shown(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    app = open_page("compare", empty_store, query=QUICK)
    pair = [photograph, photograph[:48, :64]]
    files = [(f"{n}.png", encode_png(image), "image/png") for n, image in enumerate(pair)]
    app.file_uploader[0].set_value(files)
    app.run()
    assert not app.exception
    assert "120 x 80 pixels" in page_text(app)
    jpeg = get_codec("jpeg").at(75)
    sizes = [len(jpeg.encode(np.ascontiguousarray(image))) for image in pair]
    mean = app.dataframe[1].value.iloc[0]
    assert (mean["Codec"], mean["Images"]) == ("JPEG", "2")
    assert float(mean["Bytes"].replace(",", "")) == pytest.approx(np.mean(sizes), abs=0.5)
    app.selectbox(key="shown").set_value(1).run()
    assert "64 x 48 pixels" in page_text(app)


@pytest.mark.slow
def test_versions_of_an_original_are_weighed_and_measured_against_it(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    webp = get_codec("webp").at(40)
    data = webp.encode(photograph)
    app = open_page("compare", empty_store, query=QUICK)
    app.file_uploader[0].set_value(
        [("o.png", encode_png(photograph), "image/png"), ("v_1.webp", data, "image/webp")]
    )
    app.run()
    app.segmented_control(key="role").set_value("versions").run()
    assert not app.exception
    row = app.dataframe[0].value.iloc[0]
    assert (row["label"], row["bytes"]) == ("v_1.webp", len(data))
    assert row["psnr_db"] == pytest.approx(psnr_db.measure(photograph, webp.decode(data)))
    assert layer_names(app)[:2] == ["Original", "v_1.webp"]
