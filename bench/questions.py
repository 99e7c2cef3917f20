"""What the portal asks of its calls, timed with its very addresses and functions. Runs inside the portal's Django, on a
database that bench/fill.py has filled.
"""

import datetime
import json
import random
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.second_step import remember_second_step
from bench.fill import DAYS, email_of, name_of, number_of
from calls.intake import receive
from calls.models import Call
from calls.resume import expire_overdue, nudge_due, resume_waiting
from integrations.contacts import contacts_with
from integrations.models import MustalinjaAccount, PipedriveAccount

TIMES = 20
"""Of each question; each time about something else."""
FIRST = 1
Ask = Callable[[random.Random], Any]


class NotAnsweredError(Exception):
    """The portal did not answer what was asked; its times would say nothing."""


def ask_all(*, calls: int, turn: int) -> dict[str, list[float]]:
    """Ask everything so many times, about the company that has most calls, and give the milliseconds each time took.

    Args:
        turn: each turn asks about other calls, and has calls of its own come in.
    """
    chance = random.Random(turn)  # noqa: S311 - a choice of calls, no secret
    return {name: _milliseconds(ask, chance) for name, ask in _questions(calls, turn)}


def _milliseconds(ask: Ask, chance: random.Random) -> list[float]:
    ask(chance)
    taken = []
    for _time in range(TIMES):
        began = time.perf_counter()
        ask(chance)
        taken.append(1_000 * (time.perf_counter() - began))
    return taken


def _questions(calls: int, turn: int) -> Iterator[tuple[str, Ask]]:
    admin, rep = _browser(email_of(0, 0)), _browser(email_of(0, FIRST))
    for who, browser in (("admin", admin), ("rep", rep)):
        yield from _of_history(who, browser)
    yield from _of_filters(admin, rep)
    for who, browser in (("admin", admin), ("rep", rep)):
        yield f"statistics of {who}", partial(_statistics, browser)
    references = _references()
    yield "call's page", lambda chance: _page(admin, f"/calls/{chance.choice(references)}/")
    yield from _of_worker(calls)
    yield from _of_intake(calls, turn)
    yield "admin's list of calls", lambda _chance: _page(browser_of_staff(), "/admin/calls/call/")


def _of_history(who: str, browser: Client) -> Iterator[tuple[str, Ask]]:
    for what, path in (("history", "/calls/"), ("API", "/api/v1/calls/")):
        yield f"{what} of {who}, first page", partial(_first_page, browser, path)
        yield f"{what} of {who}, any depth", partial(_page_at_depth, browser, path)


def _of_filters(admin: Client, rep: Client) -> Iterator[tuple[str, Ask]]:
    """Each finds ten calls at least in a database of any size, so ten are asked for."""
    for who, browser in (("admin", admin), ("rep", rep)):
        yield f"history of {who} by status", partial(_few, browser, {"status": "logged"})
        yield f"history of {who} by number", partial(_with_number, browser)
        yield f"history of {who} by days", partial(_within_days, browser)
        yield f"history of {who} by person", partial(_with_person, browser)
        yield f"history of {who} by a usual name", partial(_few, browser, {"q": "Asiakas"})
        yield f"history of {who}, nothing new", _nothing_new(browser)
    yield "history of admin by a rare status", partial(_few, admin, {"status": "skipped"})
    yield "history of admin by a rare reason", partial(_few, admin, {"reason": "no_contact"})
    yield "history of admin by rep", partial(_few, admin, {"rep": email_of(0, FIRST)})
    yield "history of admin by nobody's email", partial(_few, admin, {"rep": "nobody@company0.example"})


def _of_worker(calls: int) -> Iterator[tuple[str, Ask]]:
    account = PipedriveAccount.objects.get(company__people__email=email_of(0, 0))
    numbers = max(1, calls // 100)
    company_id = account.company_id
    yield "contact of a number", lambda chance: contacts_with(account, number_of(0, chance.randrange(numbers)))
    due = Call.objects.due(timezone.now()).filter(company=company_id)
    yield "due calls of a company", lambda _chance: list(due.all()[:16])
    yield "companies with due calls", lambda _chance: _undone(nudge_due)
    yield "claim", lambda _chance: _undone(lambda: Call.objects.claim([due.values_list("pk", flat=True)[0]]))
    yield "let calls of one company go on", lambda _chance: resume_waiting(company_id=company_id)
    yield "let all calls go on", lambda _chance: resume_waiting()
    yield "expire", lambda _chance: expire_overdue()


def _of_intake(calls: int, turn: int) -> Iterator[tuple[str, Ask]]:
    account = MustalinjaAccount.objects.select_related("company").get()
    places = iter(range(calls * (turn + 2), calls * (turn + 3)))
    yield "take in a new call", lambda _chance: _take_in(account, f"n-{next(places)}", is_new=True)
    known = Call.objects.filter(company_id=account.company_id, rep__email=email_of(0, FIRST)).first()
    if known is None:
        raise NotAnsweredError("the largest company's rep has no calls")
    yield "take in a call again", lambda _chance: _take_in(account, known.external_id, is_new=False)


def _take_in(account: MustalinjaAccount, call_id: str, *, is_new: bool) -> None:
    body = {
        "event": "call.ended",
        "call_id": call_id,
        "direction": "in",
        "answered": True,
        "from": number_of(0, 0),
        "to": "+358941234567",
        "user": {"id": "u-1", "email": email_of(0, FIRST)},
        "started_at": timezone.now().isoformat(),
    }
    receipt = receive(account=account, delivery_id=call_id, body=json.dumps(body).encode())
    if receipt.is_duplicate == is_new or receipt.call_id is None:
        raise NotAnsweredError(f"call {call_id} was taken in as {receipt}")


def _browser(email: str) -> Client:
    client = Client(headers={"Host": "localhost"})
    client.force_login(get_user_model().objects.get(email=email), "django.contrib.auth.backends.ModelBackend")
    return client


def browser_of_staff() -> Client:
    """A browser in which somebody who may do everything has passed both steps."""
    email = "staff@saashop.example"
    user, _is_new = get_user_model().objects.get_or_create(
        email=email, defaults={"is_staff": True, "is_superuser": True}
    )
    browser = _browser(email)
    second_step, _is_new = Authenticator.objects.get_or_create(
        user=user, type=Authenticator.Type.TOTP, defaults={"data": {}}
    )
    session = browser.session
    remember_second_step(session, second_step)
    session.save()
    return browser


def _page(browser: Client, path: str, **query: str) -> None:
    answer = browser.get(path, query)
    if answer.status_code != 200:
        raise NotAnsweredError(f"{path} was answered {answer.status_code}")


def _first_page(browser: Client, path: str, _chance: random.Random) -> None:
    _page(browser, path)


def _page_at_depth(browser: Client, path: str, chance: random.Random) -> None:
    _page(browser, path, cursor=_cursor(chance))


def _statistics(browser: Client, _chance: random.Random) -> None:
    _page(browser, "/statistics/")


def _few(browser: Client, query: dict[str, str], _chance: random.Random) -> None:
    _page(browser, "/calls/", page_size="10", **query)


def _with_number(browser: Client, chance: random.Random) -> None:
    _few(browser, {"number": number_of(0, chance.randrange(100))}, chance)


def _with_person(browser: Client, chance: random.Random) -> None:
    _few(browser, {"q": name_of(chance.randrange(100))}, chance)


def _nothing_new(browser: Client) -> Ask:
    """What an open page asks every few seconds, of the page as it is now."""
    version = re.findall(rb"version=([0-9a-f]+)", browser.get("/calls/").content)[0].decode()

    def ask(_chance: random.Random) -> None:
        answer = browser.get("/calls/live/", {"version": version}, headers={"HX-Request": "true"})
        if answer.status_code != 204:
            raise NotAnsweredError(f"an unchanged page was answered {answer.status_code}")

    return ask


def _within_days(browser: Client, chance: random.Random) -> None:
    _few(browser, _days(chance), chance)


def _cursor(chance: random.Random) -> str:
    """A place in the history, as its own links name it: anywhere from today to all but the oldest page."""
    started = timezone.now() - datetime.timedelta(days=DAYS * chance.uniform(0.0, 0.7))
    return b64encode(urlencode({"p": str(started)}).encode()).decode()


def _days(chance: random.Random) -> dict[str, str]:
    since = timezone.localdate() - datetime.timedelta(days=chance.randrange(60, DAYS - 20))
    return {"since": str(since), "until": str(since + datetime.timedelta(days=14))}


def _references() -> list[str]:
    """Some of the largest company's calls, old ones and new ones."""
    calls = Call.objects.filter(company__people__email=email_of(0, 0)).values_list("reference", flat=True)
    return [*calls[:50], *calls.reverse()[:50]]


def _undone(work: Callable[[], Any]) -> None:
    """Do something and take it back."""
    with transaction.atomic():
        work()
        transaction.set_rollback(True)
