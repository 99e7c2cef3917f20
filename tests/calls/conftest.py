"""Calls of Bo's, and the browser of the company's admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from calls.models import Call
from integrations.models import MustalinjaAccount
from tests.calls.events import deliver, ended_call
from tests.calls.mishaps import Stage
from tests.calls.steps import Connect, Place
from tests.sandbox.running_sandbox import Sandbox


@pytest.fixture
def place(mustalinja: MustalinjaAccount) -> Place:
    """Delivers a call of Bo's and gives its row."""

    def place_call(**changes: Any) -> Call:
        answer = deliver(mustalinja, ended_call(**changes))
        return Call.objects.get(reference=answer.json()["id"])

    return place_call


@pytest.fixture
def admin(aino: User, browser_of: Callable[[User], Client]) -> Client:
    """Aino's browser, which prefers English."""
    browser = browser_of(aino)
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return browser


@pytest.fixture
def stage(
    outside: Sandbox,
    place: Place,
    connected: Connect,
    browser_of: Callable[[User], Client],
    aino: User,
    bo: User,
) -> Stage:
    """Bo, connected, and Aino, with whatever surrounds them."""
    connected(bo)
    return Stage(outside=outside, place=place, connected=connected, browser_of=browser_of, aino=aino, bo=bo)
