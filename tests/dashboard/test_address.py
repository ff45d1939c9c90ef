from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.address import mended_query


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"picture": ["a.png"]}, {"image": ["a.png"]}),
        ({"families": ["Bottleneck", "JPEG"]}, {"codecs": ["BNK", "JPEG"]}),
        ({"point": ["Bottleneck, quality=50"]}, {"point": ["BNK, quality=50"]}),
        ({"codec": ["Autoencoder 80x80"]}, {"codec": ["Autoencoder, 1 layer (80x80)"]}),
        ({"runs": ["ae20", "mine"]}, {"runs": ["Autoencoder, 3 layers (20x20)", "mine"]}),
        ({"study": ["ae80"]}, {"study": ["Autoencoder, 1 layer (80x80)"]}),
        ({"part": ["Middle 1024 x 1024"]}, {"part": ["Centre 1024 x 1024"]}),
        ({"rates": ["0", "1e400"]}, {"rates": ["0"]}),
        ({"number": ["nan"], "seed": ["-Infinity"], "size": [""]}, {}),
    ],
)
def test_a_link_of_an_earlier_version_is_read_in_todays_names(
    old: dict[str, list[str]], new: dict[str, list[str]]
) -> None:
    assert mended_query(old) == new
    assert mended_query(new) == new


def test_what_needs_no_mending_stays_as_it_is() -> None:
    query = {"image": ["Bottleneck-of-glass.png"], "log": ["false"], "q": ["1e3"]}
    assert mended_query(query) == query


@pytest.mark.slow
def test_an_old_link_opens_the_curves_that_it_names(open_page, full_store: Path) -> None:
    query = {"families": ["JPEG", "Autoencoder 40x40"]}
    app: AppTest = open_page("rate_distortion", full_store, query=query)
    assert not app.exception
    assert app.multiselect(key="codecs").value == ["jpeg", "ae40"]
