"""Support at the desk."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.browser import in_english


@pytest.fixture
def support(staff: User, browser_of: Callable[[User], Client]) -> Client:
    """A browser of support's, in English."""
    return in_english(browser_of(staff))
