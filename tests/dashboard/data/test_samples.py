import numpy as np
import PIL.Image

from core.dataset.photographs import photographs
from core.dataset.preparation.decoding import stored_image
from dashboard.data.samples import stored_sample


def test_every_photograph_is_shown_as_a_data_set_would_keep_it() -> None:
    for title, photograph in photographs().items():
        stored = stored_sample(title)
        assert stored.shape == (160, 160, 3)
        np.testing.assert_array_equal(stored, stored_image(PIL.Image.fromarray(photograph)))
