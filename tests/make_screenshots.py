"""Takes the images of the dashboard that the README shows: `python -m tests.make_screenshots`."""

from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from pipelines.benchmark.dashboard_server import running_server

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "dashboard" / "screenshots"
#: Address below the server, and what must be on the page before its image is taken.
PAGES = {
    "compare": ("compare", ".viewer[data-ready=true][data-layers='7']"),
}
SIZE = {"width": 1280, "height": 900}
SETTLE_MILLISECONDS = 8000


def take(browser: Browser, address: str, name: str) -> Path:
    """File of the image of one page."""
    page_path, ready = PAGES[name]
    page = browser.new_page(viewport=SIZE, device_scale_factor=1.5, color_scheme="light")
    page.goto(f"{address}/{page_path}")
    page.locator(ready).first.wait_for(timeout=120_000)
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file, timeout=120_000)
    page.close()
    return file


def main() -> None:
    """Takes every image and says where it lies."""
    FOLDER.mkdir(exist_ok=True)
    with running_server() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for name in PAGES:
            print(take(browser, server.address, name).relative_to(ROOT))
        browser.close()


if __name__ == "__main__":
    main()
