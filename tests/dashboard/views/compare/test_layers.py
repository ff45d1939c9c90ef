from pathlib import Path

import numpy as np
import pytest

from core.images import Image
from core.png import encode_png
from dashboard.views.compare.image import ChosenImage
from dashboard.views.compare.layers import structure_map
from tests.dashboard.page_contents import OpenPage
from tests.dashboard.views.compare.compared import QUICK, layer_names, upload


@pytest.mark.slow
def test_the_maps_of_structure_are_layers_after_the_codecs(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("compare", full_store, query=QUICK)
    names = layer_names(app)
    assert names == ["Original", "JPEG quality=60", "WebP quality=80"]
    app.toggle(key="maps").set_value(True).run()
    assert layer_names(app) == [*names, "SSIM map, JPEG", "SSIM map, WebP"]


def test_a_crop_of_a_larger_array_has_a_map_too(photograph: Image) -> None:
    image = ChosenImage(photograph[:60, :50], "a crop", "a crop")
    assert (structure_map(image, photograph[:60, :50]) == 255).all()


@pytest.mark.slow
def test_an_image_too_small_for_the_map_has_no_map(open_page: OpenPage, empty_store: Path) -> None:
    app = open_page("compare", empty_store, query={**QUICK, "maps": "true"})
    upload(app, encode_png(np.full((5, 9, 3), 80, np.uint8)))
    assert not app.exception
    assert app.toggle(key="maps").disabled
    assert layer_names(app) == ["Original", "JPEG quality=60", "WebP quality=80"]
