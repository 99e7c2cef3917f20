"""What support asks of the admin, timed and its queries counted. Runs inside the portal's Django, on a database that
bench/fill_desk.py has filled.
"""

import time
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from django.contrib.admin import site
from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.fill import email_of, number_of
from bench.questions import NotAnsweredError, browser_of_staff
from calls.models import Call
from calls.reasons import Reason, Status

TIMES = 40
LARGEST, USUAL = 0, 400
"""Companies, by their place in bench/fill.py."""
DESK, LIST, COMPANY, SEARCH = "desk", "list", "company", "search"

Asked = dict[str, dict[str, list[float]]]
"""By kind and address: the milliseconds of each time, and the queries of the dearest as the last number."""


def ask_desk() -> Asked:
    """Ask for each page so many times; the first time, which fills caches, does not count."""
    browser = browser_of_staff()
    asked: Asked = {}
    for kind, address in _addresses():
        asked.setdefault(kind, {})[address] = _timed(browser, address)
    return asked


def _timed(browser: Client, address: str) -> list[float]:
    split = urlsplit(address)
    query = dict(parse_qsl(split.query))
    taken: list[float] = []
    queries = 0
    for turn in range(TIMES + 1):
        # Django keeps 9,000 queries; beyond that none would be counted.
        reset_queries()
        with CaptureQueriesContext(connection) as captured:
            began = time.perf_counter()
            answer = browser.get(split.path, query)
            milliseconds = 1_000 * (time.perf_counter() - began)
        if answer.status_code not in (200, 302):
            raise NotAnsweredError(f"{address} was answered {answer.status_code}")
        if turn:
            taken.append(milliseconds)
            queries = max(queries, len(captured))
    return [*taken, queries]


def _addresses() -> Iterator[tuple[str, str]]:
    yield DESK, "/admin/"
    for model in site._registry:
        yield LIST, f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    yield from ((LIST, f"/admin/calls/call/?{query}") for query in _of_calls())
    yield LIST, "/admin/calls/webhookdelivery/?outcome__exact=quarantined"
    yield LIST, "/admin/calls/book/?balance=off"
    yield LIST, "/admin/integrations/pipedriveaccount/?trouble=paused"
    yield LIST, "/admin/integrations/mustalinjaaccount/?trouble=silent"
    yield from ((COMPANY, f"/admin/support/companies/{_company(place)}/") for place in (LARGEST, USUAL))
    for typed in ("Company 4", email_of(USUAL, 1), number_of(USUAL, 3), "c-1234", _code(), "nothing at all"):
        yield SEARCH, f"/admin/support/search/?q={typed.replace('+', '%2B')}"


def _of_calls() -> Iterator[str]:
    """The queries of the filters, and of the searches of the list itself."""
    yield from (f"status__exact={status.value}" for status in Status)
    yield from (f"reason={reason.value}" for reason in (Reason.NO_CONTACT, Reason.ERROR, Reason.RULE))
    yield from (f"company__id__exact={_company(place)}" for place in (LARGEST, USUAL))
    yield from (f"q={typed.replace('+', '%2B')}" for typed in (number_of(USUAL, 3), "c-1234", "Company 400"))


def _company(place: int) -> int:
    company_id: int = Call.objects.filter(rep__email=email_of(place, 1)).values_list("company", flat=True)[0]
    return company_id


def _code() -> str:
    return Call.objects.filter(company=_company(USUAL))[0].support_code
