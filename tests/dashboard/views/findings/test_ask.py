"""The links below a comparison of two methods."""

from pathlib import Path

import pytest

from tests.dashboard.page_contents import OpenPage


@pytest.mark.parametrize(
    ("second", "labels"),
    [
        ("WebP, quality 75", ["Both curves", "Both reconstructions"]),
        (
            "JPEG, quality 50",
            [
                "The curve of JPEG",
                "JPEG, quality 75 in Compare",
                "JPEG, quality 50 in Compare",
            ],
        ),
    ],
)
def test_links_below_a_comparison_say_what_they_open(
    open_page: OpenPage, full_store: Path, second: str, labels: list[str]
) -> None:
    query = {"first": "JPEG, quality 75", "second": second}
    links = open_page("findings", full_store, query=query).get("page_link")
    found = [one.proto.label for one in links]
    assert found[found.index(labels[0]) :][: len(labels)] == labels
