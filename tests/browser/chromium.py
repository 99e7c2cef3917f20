"""The machine's own Chromium, watched: what it complains about is a fault of the page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright

from tests.portal.web_browser import Browser as WebBrowser
from tests.sandbox_process import REPOSITORY

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
DESKTOP = (1280, 900)
PHONE = (375, 812)
PICTURES = REPOSITORY / "docs" / "images"
GUIDE_PICTURES = REPOSITORY / "static" / "img" / "docs"
GUIDE = (960, 680)


def executable() -> str | None:
    """Return where Chromium is, if the machine has it."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def running_chromium(path: str) -> Iterator[Browser]:
    """Start Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """Collects what goes wrong in the portal's pages: errors of scripts, of the console, and of the server."""

    url: str
    problems: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._note(page.url, str(error)))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._note(str(message.location.get("url")), message.text)

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self._note(response.url, str(response.status))

    def _note(self, address: str, problem: str) -> None:
        """The sandbox's own pages are not the portal's."""
        if address.startswith(self.url):
            self.problems.append(f"{address}: {problem}")


@dataclass(frozen=True)
class Camera:
    """Keeps pictures of pages; those for the documentation only when SCREENSHOTS is set."""

    folder: Path

    def take(self, page: Page, name: str, *, full_page: bool = True) -> None:
        page.screenshot(path=self.folder / f"{name}.png", full_page=full_page, animations="disabled")

    def publish(self, page: Page, name: str) -> None:
        """Take a picture that the documentation shows."""
        self.take(page, name, full_page=False)
        self._keep(name, PICTURES / f"{name}.png")

    def publish_for_guide(self, page: Page, language: str, name: str) -> Path:
        """Take a picture that the portal's own guide shows, as large as the window."""
        taken = f"guide-{language}-{name}"
        self.take(page, taken, full_page=False)
        self._keep(taken, GUIDE_PICTURES / language / f"{name}.png")
        return self.folder / f"{taken}.png"

    def _keep(self, name: str, path: Path) -> None:
        if os.environ.get("SCREENSHOTS"):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.folder / f"{name}.png", path)


def open_context(browser: Browser, *, size: tuple[int, int] = DESKTOP, language: str = "en-GB") -> BrowserContext:
    """Return a fresh profile with a window of this size."""
    width, height = size
    return browser.new_context(
        viewport={"width": width, "height": height}, locale=language, color_scheme="light", reduced_motion="reduce"
    )


def log_in_as(context: BrowserContext, person: WebBrowser) -> None:
    """Be the person who is logged in elsewhere."""
    for cookie in person.session.cookies:
        context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": person.url}])


def overflow(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
