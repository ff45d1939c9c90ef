"""Parts below the first screen in a real browser: when they are drawn, and that they stay."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from core.png import encode_png
from tests.waiting import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: The last part of Findings and the heading in it.
LAST_PART = "bd-rates"
LAST_HEADING = "Bytes at equal quality"


def _open(page: Page, url: str) -> None:
    page.goto(f"{url}/findings")
    _placeholder(page).wait_for()
    page.locator(".stPlotlyChart .main-svg").first.wait_for()


def _placeholder(page: Page) -> Locator:
    return page.locator(f".st-key-deferred-findings-{LAST_PART} .deferred-part")


def _heading(page: Page) -> Locator:
    return page.get_by_role("heading", name=LAST_HEADING)


def _expect_no_part_missing(page: Page) -> None:
    expect(page.locator("[class*=st-key-deferred-]")).to_have_count(0, timeout=PATIENCE_MS)


def _expect_everything_drawn(page: Page) -> None:
    _expect_no_part_missing(page)
    expect(_heading(page)).to_have_count(1, timeout=PATIENCE_MS)


def _scroll_to_the_last_part(page: Page) -> None:
    _placeholder(page).scroll_into_view_if_needed()
    _heading(page).wait_for()


def test_a_part_is_drawn_when_it_is_scrolled_to_and_not_before(
    page: Page, shipped_url: str
) -> None:
    _open(page, shipped_url)
    page.wait_for_timeout(1000)
    expect(_heading(page)).to_have_count(0)
    _scroll_to_the_last_part(page)
    expect(_placeholder(page)).to_have_count(0)


def test_a_part_is_drawn_when_it_is_reached_by_keyboard(page: Page, shipped_url: str) -> None:
    _open(page, shipped_url)
    _placeholder(page).focus()
    _heading(page).wait_for()


def test_ctrl_p_prints_when_every_part_has_been_drawn(page: Page, shipped_url: str) -> None:
    page.add_init_script(
        "window.print = () => {"
        " window.unprinted = document.querySelectorAll('[class*=st-key-deferred-]').length; }"
    )
    _open(page, shipped_url)
    page.keyboard.press("Control+p")
    page.wait_for_function("window.unprinted !== undefined")
    assert page.evaluate("window.unprinted") == 0
    _expect_everything_drawn(page)


def test_the_page_prints_once_also_from_the_viewer_and_when_the_keys_are_held(
    page: Page, shipped_url: str
) -> None:
    page.add_init_script(
        "window.prints = 0; window.print = () => {"
        " window.prints += 1;"
        " window.unprinted = document.querySelectorAll('[class*=st-key-deferred-]').length; }"
    )
    page.set_viewport_size({"width": 1400, "height": 400})
    page.goto(f"{shipped_url}/compare")
    page.locator(".viewer[data-ready=true]").first.wait_for()
    page.locator(".deferred-part").first.wait_for(state="attached")
    page.locator(".stage").focus()
    for _ in range(3):
        page.keyboard.press("Control+p")
    page.wait_for_function("window.prints > 0")
    page.wait_for_timeout(500)
    assert page.evaluate("[window.prints, window.unprinted]") == [1, 0]


def test_printing_by_the_browsers_own_menu_asks_for_every_part_and_wastes_no_paper(
    page: Page, shipped_url: str
) -> None:
    _open(page, shipped_url)
    page.emulate_media(media="print")
    # All at once: short as they are, more of them are on the screen now, and soon drawn.
    heights = page.locator(".deferred-part").evaluate_all(
        "parts => parts.map(part => part.getBoundingClientRect().height)"
    )
    assert all(height < 100 for height in heights)
    page.pdf()
    page.emulate_media(media="screen")
    _expect_everything_drawn(page)


def test_a_shared_link_with_an_anchor_opens_at_its_heading(page: Page, shipped_url: str) -> None:
    page.goto(f"{shipped_url}/findings#bytes-at-equal-quality-against-jpeg")
    _expect_everything_drawn(page)
    expect(_heading(page)).to_be_in_viewport(timeout=PATIENCE_MS)


def test_back_shows_the_parts_that_had_been_drawn(page: Page, shipped_url: str) -> None:
    _open(page, shipped_url)
    _scroll_to_the_last_part(page)
    page.get_by_test_id("stSidebarNav").get_by_text("Data", exact=True).click()
    page.get_by_role("heading", name="Data", exact=True).wait_for()
    page.go_back()
    expect(page).to_have_url(re.compile("/findings"), timeout=PATIENCE_MS)
    _heading(page).wait_for()
    expect(_placeholder(page)).to_have_count(0)


class _HeldAnswers:
    """Lies between page and server: notes what the page asks for, and can hold the answers."""

    def __init__(self, page: Page) -> None:
        self.asked: list[str] = []
        self.is_holding = False
        self._held: list[str | bytes] = []
        page.route_web_socket(re.compile("_stcore/stream"), self._connect)

    def _connect(self, route: WebSocketRoute) -> None:
        self._page, server = route, route.connect_to_server()
        route.on_message(lambda message: self._to_server(server, message))
        server.on_message(self._to_page)

    def _to_server(self, server: WebSocketRoute, message: str | bytes) -> None:
        server.send(message)
        if isinstance(message, bytes):
            found = BackMsg.FromString(message)
            if found.WhichOneof("type") == "rerun_script":
                self.asked.append("part" if found.rerun_script.fragment_id else "page")

    def _to_page(self, message: str | bytes) -> None:
        self._held.append(message)
        if not self.is_holding:
            self.release()

    @property
    def held(self) -> int:
        return len(self._held)

    def pass_on(self, count: int) -> None:
        for _ in range(min(count, self.held)):
            self._page.send(self._held.pop(0))

    def release(self) -> None:
        self.is_holding = False
        self.pass_on(self.held)


def _open_training(page: Page, url: str) -> None:
    """The page Training, on which no part is near by itself."""
    page.set_viewport_size({"width": 1400, "height": 400})
    page.goto(f"{url}/training")
    page.locator(".stPlotlyChart .main-svg").first.wait_for()
    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.locator(".deferred-part").first.wait_for(state="attached")
    page.wait_for_timeout(500)


def test_no_part_is_asked_for_until_the_server_has_answered_what_the_visitor_did(
    page: Page, shipped_url: str
) -> None:
    # The browser would get both answers at once and leave out elements of the page.
    answers = _HeldAnswers(page)
    _open_training(page, shipped_url)
    assert "part" not in answers.asked
    answers.asked.clear()
    answers.is_holding = True
    page.get_by_text("Logarithmic").click()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    while not answers.asked:
        page.wait_for_timeout(50)
    page.wait_for_timeout(1000)
    assert answers.asked == ["page"]
    answers.release()
    _expect_no_part_missing(page)
    assert set(answers.asked[1:]) == {"part"}


#: A busy browser: what should be done at once takes some time.
_BUSY = """const later = window.setTimeout;
window.setTimeout = (work, delay, ...rest) => later(work, delay || 400, ...rest);"""


@pytest.mark.parametrize("milliseconds", [100, 500, 700])
def test_what_the_visitor_does_while_a_part_is_asked_for_is_answered(
    page: Page, shipped_url: str, milliseconds: int
) -> None:
    answers = _HeldAnswers(page)
    page.add_init_script(_BUSY)
    _open_training(page, shipped_url)
    answers.asked.clear()
    logarithmic = page.get_by_role("switch", name="Logarithmic").element_handle()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(milliseconds)
    logarithmic.evaluate("node => node.click()")
    while "page" not in answers.asked:
        page.wait_for_timeout(50)
    _expect_no_part_missing(page)
    assert answers.asked.count("page") == 1


@pytest.mark.parametrize("milliseconds", [0, 200, 500])
def test_an_upload_is_answered_that_arrives_while_a_part_is_asked_for(
    page: Page, shipped_url: str, milliseconds: int
) -> None:
    page.set_viewport_size({"width": 1400, "height": 400})
    page.add_init_script(_BUSY)
    page.goto(f"{shipped_url}/compare")
    page.locator(".viewer[data-ready=true]").first.wait_for()
    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.locator(".deferred-part").first.wait_for(state="attached")
    image = encode_png(np.zeros((32, 48, 3), np.uint8))
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(milliseconds)
    page.locator("input[type=file]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": image}
    )
    page.get_by_text("48 x 32 pixels").wait_for()


def test_the_end_of_what_ran_before_is_not_the_answer_to_the_visitor(
    page: Page, shipped_url: str
) -> None:
    answers = _HeldAnswers(page)
    _open_training(page, shipped_url)
    answers.asked.clear()
    answers.is_holding = True
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    while not page.locator("[data-test-script-state=running]").count():
        answers.pass_on(1)
        page.wait_for_timeout(50)
    page.wait_for_timeout(1500)  # the part has been made, and its end is on its way
    of_the_part = answers.held
    page.get_by_text("Logarithmic").click()
    while "page" not in answers.asked:
        page.wait_for_timeout(50)
    answers.pass_on(of_the_part)
    page.wait_for_timeout(400)
    assert answers.asked == ["part", "page"]
    answers.release()
    _expect_no_part_missing(page)


@pytest.mark.parametrize("milliseconds", [0, 100, 300])
def test_a_link_that_is_followed_while_parts_are_asked_for_opens_its_page(
    page: Page, shipped_url: str, milliseconds: int
) -> None:
    page.goto(f"{shipped_url}/models?model=Autoencoder%2C+3+layers+%2820x20%29")
    link = page.get_by_role("link", name="How it was trained")
    link.wait_for()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(milliseconds)
    link.click()
    page.get_by_role("heading", name="Training", exact=True).wait_for()
    page.wait_for_function("location.pathname === '/training' && location.search.includes('runs=')")
    page.locator(".stPlotlyChart .main-svg").first.wait_for()


def _lose_the_next_click(page: Page) -> None:
    page.evaluate(
        """document.body.addEventListener(
            "click",
            (event) => { event.preventDefault(); event.stopPropagation(); },
            { capture: true, once: true },
        )"""
    )


def test_a_click_on_a_link_that_is_lost_is_repeated(page: Page, shipped_url: str) -> None:
    _open(page, shipped_url)
    _lose_the_next_click(page)
    page.get_by_test_id("stSidebarNav").get_by_text("Data", exact=True).click()
    page.get_by_role("heading", name="Data", exact=True).wait_for()


def test_a_lost_click_is_not_repeated_after_another(page: Page, shipped_url: str) -> None:
    _open(page, shipped_url)
    _lose_the_next_click(page)
    page.get_by_test_id("stSidebarNav").get_by_text("Data", exact=True).click()
    page.get_by_role("heading", name="Findings", exact=True).click()
    page.wait_for_timeout(5000)
    expect(page).to_have_url(re.compile("/findings"))
