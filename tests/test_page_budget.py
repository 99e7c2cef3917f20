"""What a page may cost: at most 12 queries and 60 KB, also where a company has many calls and people."""

import datetime
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from calls.models import Call
from integrations.models import MustalinjaAccount, PipedriveConnection
from tests.calls.events import deliver, ended_call
from tests.conftest import make_person
from tests.every_page import pages_of

MOST_QUERIES = 12
MOST_BYTES = 60_000
MOST_BYTES_OF_STYLES_AND_SCRIPTS = 100_000
LOADED = re.compile(r"/static/.+\.(css|js)")
COLLEAGUES = 6
CALLS = 20


@pytest.fixture
def busy_call(mustalinja: MustalinjaAccount, aino: User, connected: Callable[[User], PipedriveConnection]) -> Call:
    """One call of many in a company of many people, two of whom have connected Pipedrive."""
    connected(aino)
    people = [make_person(f"rep{number}@esimerkki.example", "Esimerkki Oy") for number in range(COLLEAGUES)]
    for number in range(CALLS):
        rep = [aino, *people][number % (COLLEAGUES + 1)]
        deliver(mustalinja, ended_call(call_id=f"busy-{number}", user={"email": rep.email}))
    found = Call.objects.filter(rep=aino).first()
    assert found is not None
    return found


@pytest.mark.parametrize("part", ["", "checklist/"])
def test_the_integrations_page_keeps_to_it_when_it_has_links_checked_again(
    part: str,
    busy_call: Call,
    aino: User,
    browser_of: Callable[[User], Client],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    long_ago = timezone.now() - datetime.timedelta(hours=1)
    PipedriveConnection.objects.update(checked_at=long_ago)
    MustalinjaAccount.objects.update(credentials_checked_at=long_ago)
    cache.clear()
    client = browser_of(aino)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(f"/integrations/{part}")
    assert page.context["overview"].is_being_checked


@pytest.mark.parametrize("role", ["anonymous", "admin"])
def test_no_page_takes_more_queries_or_bytes_than_it_may(
    role: str,
    busy_call: Call,
    aino: User,
    browser_of: Callable[[User], Client],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = browser_of(aino) if role == "admin" else Client()
    costs: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for path in pages_of(role, call=busy_call.reference, key="x", rep=str(busy_call.rep_id)):
        cache.clear()
        with django_assert_max_num_queries(1000) as queries:
            page = client.get(path)
        costs[path], sizes[path] = len(queries), len(page.content)
    assert {path: cost for path, cost in costs.items() if cost > MOST_QUERIES} == {}
    assert {path: size for path, size in sizes.items() if size > MOST_BYTES} == {}


def test_styles_and_scripts_are_small(client: Client, db: None) -> None:
    page = client.get("/").content.decode()
    names = [part.split('"')[0].removeprefix("/static/") for part in page.split('"') if LOADED.fullmatch(part)]
    sizes = {}
    for name in names:
        path = finders.find(name)
        assert path is not None, name
        sizes[name] = Path(path).stat().st_size
    assert {"css/portal.css", "django_htmx/htmx-2.min.js"} <= sizes.keys()
    assert sum(sizes.values()) < MOST_BYTES_OF_STYLES_AND_SCRIPTS, sizes
