"""Chromium in front of the running portal."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import Camera, Watch, executable, open_context, running_chromium
from tests.browser.lived_in import company
from tests.portal.fixtures import portal
from tests.portal.running_portal import Portal
from tests.sandbox.running_sandbox import SECONDS_OF_PATIENCE

__all__ = ["company", "portal"]

expect.set_options(timeout=SECONDS_OF_PATIENCE * 1000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = executable()
    if path is None:
        pytest.skip("Chromium is not installed")
    with running_chromium(path) as browser:
        yield browser


@pytest.fixture
def watch(portal: Portal) -> Iterator[Watch]:
    """The test fails when a page it opened had something to complain about."""
    watch = Watch(portal.url)
    yield watch
    assert watch.problems == []


@pytest.fixture
def context(chromium: Browser, watch: Watch) -> Iterator[BrowserContext]:
    context = open_context(chromium)
    context.on("page", watch.over)
    context.set_default_timeout(SECONDS_OF_PATIENCE * 1000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Camera:
    """Pictures go to a folder of pytest's, or to the one that SCREENSHOTS_FOLDER names."""
    folder = os.environ.get("SCREENSHOTS_FOLDER")
    return Camera(Path(folder) if folder else tmp_path_factory.mktemp("screenshots"))
