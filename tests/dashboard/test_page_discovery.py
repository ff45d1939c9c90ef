from pathlib import Path

import pytest

from dashboard.page_discovery import PageError, find_pages, read_page

VIEWS = Path(__file__).parents[2] / "dashboard" / "views"


def _page(folder: Path, name: str, text: str) -> Path:
    path = folder / name / "page.py"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def test_every_page_of_the_dashboard_can_be_read() -> None:
    pages = find_pages(VIEWS)
    assert pages[0].name == "findings"
    assert {page.path for page in pages} == set(VIEWS.glob("*/page.py"))


def test_no_two_pages_share_a_title_an_icon_or_a_place() -> None:
    pages = find_pages(VIEWS)
    assert len({page.icon for page in pages}) == len(pages)
    assert len({page.title for page in pages}) == len(pages)
    assert len({page.order for page in pages}) == len(pages)


def test_the_navigation_has_three_groups_and_keeps_each_together() -> None:
    groups = [page.group for page in find_pages(VIEWS)]
    assert list(dict.fromkeys(groups)) == ["Results", "Try it", "Evidence"]
    assert groups == sorted(groups, key=["Results", "Try it", "Evidence"].index)


def test_pages_come_in_their_order_and_then_by_name(tmp_path: Path) -> None:
    for name, order in (("late", 30), ("beta", 20), ("alpha", 20)):
        _page(
            tmp_path,
            name,
            f'TITLE = "{name}"\nICON = ":material/star:"\nGROUP = "G"\nORDER = {order}\n',
        )
    assert [page.name for page in find_pages(tmp_path)] == ["alpha", "beta", "late"]


def test_a_page_is_read_without_being_run(tmp_path: Path) -> None:
    text = 'TITLE = "Boom"\nICON = ":material/star:"\nGROUP = "G"\nORDER = 1\nraise RuntimeError\n'
    assert read_page(_page(tmp_path, "boom", text)).title == "Boom"


def test_a_file_beside_the_folders_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "shared.py").touch()
    assert find_pages(tmp_path) == []


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("", "TITLE"),
        ('TITLE = "A"', "ICON"),
        ('TITLE = "A"\nICON = ":x:"', "GROUP"),
        ('TITLE = "A"\nICON = ":x:"\nGROUP = "G"\nORDER = 1 + 1', "ORDER"),
    ],
)
def test_a_page_without_its_literals_is_named(tmp_path: Path, line: str, missing: str) -> None:
    with pytest.raises(PageError, match=rf"broken/page\.py needs a line `{missing} = "):
        read_page(_page(tmp_path, "broken", line))
