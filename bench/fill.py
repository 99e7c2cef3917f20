"""Filling a database with a thousand companies and their calls. Runs inside the portal's Django, on its database."""

import datetime
import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from calls.models import Call, PersonWord
from calls.person_words import word_rows
from calls.reasons import Reason, Status
from integrations.models import (
    Contact,
    ContactIndex,
    ContactNumber,
    MustalinjaAccount,
    PipedriveAccount,
    PipedriveConnection,
)

COMPANIES = 1_000
SHARE_OF_LARGEST = 0.10
"""Of all calls; the other companies share the rest."""
REPS = 5
"""Reps of each company with whom everything is well. The first is its admin."""
UNLICENSED, UNCONNECTED, UNAUTHORIZED = REPS, REPS + 1, REPS + 2
PEOPLE = REPS + 3
CALLS_A_NUMBER = 10
"""On average; the largest company's too."""
SUSPENDED_EVERY = 50
"""Every fiftieth company is suspended."""
DAYS, DAYS_OF_THE_UNFINISHED = 365, 28
STATUSES = {
    Status.LOGGED: 0.95,
    Status.WAITING: 0.03,
    Status.SKIPPED: 0.01,
    Status.FAILED: 0.005,
    Status.PENDING: 0.005,
}
REASONS: dict[Status, dict[Reason, float]] = {
    Status.LOGGED: {Reason.LOGGED: 1},
    Status.WAITING: {
        Reason.NO_CONTACT: 60,
        Reason.UNKNOWN_REP: 12,
        Reason.NO_LICENSE: 10,
        Reason.PIPEDRIVE_NOT_CONNECTED: 10,
        Reason.PIPEDRIVE_REAUTHORIZE: 5,
        Reason.COMPANY_SUSPENDED: 3,
    },
    Status.SKIPPED: {Reason.HIDDEN_NUMBER: 3, Reason.INTERNAL_CALL: 5, Reason.RULE: 2},
    Status.FAILED: {Reason.PIPEDRIVE_REFUSED: 9, Reason.ERROR: 1},
    Status.PENDING: {Reason.RETRYING: 1, Reason.QUEUED: 1},
}
STATUS_OF = {reason: status for status, reasons in REASONS.items() for reason in reasons}
REP_OF: dict[Reason, int] = {
    Reason.NO_LICENSE: UNLICENSED,
    Reason.PIPEDRIVE_NOT_CONNECTED: UNCONNECTED,
    Reason.PIPEDRIVE_REAUTHORIZE: UNAUTHORIZED,
}
NOBODYS = 50_000
"""Numbers from this place of a company's list on belong to nobody in Pipedrive."""
AT_ONCE = 10_000


def fill(*, calls: int) -> int:
    """Fill an empty, migrated database; gives the number of calls. No call's cause of waiting is gone, and nothing is
    ever sent: what is measured afterwards is the finding. PostgreSQL gets the statistics that it keeps by itself
    within minutes; SQLite has none, because nobody makes them there.
    """
    with transaction.atomic():
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA cache_size = -400000")
        people = _people()
        numbers = max(1, calls // COMPANIES // CALLS_A_NUMBER), int(calls * SHARE_OF_LARGEST) // CALLS_A_NUMBER
        _contacts(numbers)
        _insert(_calls(calls, people, numbers))
        _names(people, numbers)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return Call.objects.count()


def number_of(company: int, place: int) -> str:
    """The customer's number in this place of a company's list, in E.164."""
    return f"+3584{company:04d}{place:05d}"


def name_of(place: int) -> str:
    """The name of the person who has the number in this place: all share a word, and have one of their own."""
    return f"Asiakas {place}"


def email_of(company: int, rep: int) -> str:
    """The email of a company's rep."""
    return f"rep{rep}@company{company}.example"


def reference_of(place: int) -> str:
    """The reference of a call: as scattered as real ones, and quicker to make. The factor has no divisor in common with
    the modulus, so no two are the same.
    """
    return f"{place * 618_033_988_749 % 10**12:012d}"


def _people() -> list[list[Any]]:
    """The companies with their people, licenses and connections; the people by company."""
    now = timezone.now()
    Company, License = apps.get_model("accounts", "Company"), apps.get_model("accounts", "License")  # noqa: N806
    User = apps.get_model("accounts", "User")
    companies = Company._default_manager.bulk_create(
        Company(name=f"Company {place}", suspended_at=now if _is_suspended(place) else None)
        for place in range(COMPANIES)
    )
    users = User._default_manager.bulk_create(
        User(
            email=email_of(place, rep),
            company=company,
            is_company_admin=rep == 0,
            sees_all_calls=rep == 0,
            password="!",  # noqa: S106
        )
        for place, company in enumerate(companies)
        for rep in range(PEOPLE)
    )
    people = [users[first : first + PEOPLE] for first in range(0, len(users), PEOPLE)]
    License._default_manager.bulk_create(
        License(company=company, holder=user)
        for company, staff in zip(companies, people, strict=True)
        for rep, user in enumerate(staff)
        if rep != UNLICENSED
    )
    MustalinjaAccount.objects.create(company=companies[0], api_key="k", api_secret="s", secret="x")  # noqa: S106
    accounts = PipedriveAccount.objects.bulk_create(
        PipedriveAccount(company=company, pipedrive_company_id=place) for place, company in enumerate(companies)
    )
    ContactIndex.objects.bulk_create(ContactIndex(account=account, swept_at=now) for account in accounts)
    PipedriveConnection.objects.bulk_create(
        _connection(account, user, rep, now=now)
        for account, staff in zip(accounts, people, strict=True)
        for rep, user in enumerate(staff)
        if rep != UNCONNECTED
    )
    return people


def _connection(account: PipedriveAccount, user: Any, rep: int, *, now: datetime.datetime) -> PipedriveConnection:
    state = PipedriveConnection.State.REAUTHORIZE if rep == UNAUTHORIZED else PipedriveConnection.State.CONNECTED
    return PipedriveConnection(
        user=user,
        account=account,
        pipedrive_user_id=rep,
        email=user.email,
        state=state,
        access_token_ends_at=now,
        refreshed_at=now,
    )


def _contacts(numbers: tuple[int, int]) -> None:
    """A person for each number, two for every hundredth, except for those that nobody has."""
    now = timezone.now()
    for place, account in enumerate(PipedriveAccount.objects.order_by("pipedrive_company_id")):
        owned = range(_numbers_at(place, numbers))
        contacts = Contact.objects.bulk_create(
            (Contact(account=account, person_id=each, updated_at=now, seen_at=now) for each in owned),
            batch_size=AT_ONCE,
        )
        ContactNumber.objects.bulk_create(
            (
                ContactNumber(account=account, contact=contact, e164=number_of(place, each))
                for each, contact in enumerate(contacts)
            ),
            batch_size=AT_ONCE,
        )


def _names(people: list[list[Any]], numbers: tuple[int, int]) -> None:
    """The words of the names on the calls, as the engine keeps them when it logs."""
    rows = (
        row
        for company, staff in enumerate(people)
        for place in range(_numbers_at(company, numbers))
        for row in word_rows(company_id=staff[0].company_id, person_id=place, name=name_of(place))
    )
    while some := list(islice(rows, AT_ONCE)):
        PersonWord.objects.bulk_create(some)


def _numbers_at(company: int, numbers: tuple[int, int]) -> int:
    return numbers[1] if company == 0 else numbers[0]


def _is_suspended(company: int) -> bool:
    return company % SUSPENDED_EVERY == SUSPENDED_EVERY - 1


def _calls(count: int, people: list[list[Any]], numbers: tuple[int, int]) -> Iterator[dict[str, Any]]:
    """The calls' own columns, oldest first; the same for the same count."""
    chance = random.Random(count)  # noqa: S311 - invented calls, no secret
    now = timezone.now()
    statuses = chance.choices(list(STATUSES), list(STATUSES.values()), k=count)
    for place, status in enumerate(statuses):
        company = 0 if chance.random() < SHARE_OF_LARGEST else chance.randrange(1, COMPANIES)
        reason = chance.choices(list(REASONS[status]), list(REASONS[status].values()))[0]
        if _is_suspended(company) and status == Status.WAITING:
            reason = Reason.COMPANY_SUSPENDED
        elif reason == Reason.COMPANY_SUSPENDED:
            reason = Reason.NO_CONTACT
        days = DAYS if status in (Status.LOGGED, Status.SKIPPED, Status.FAILED) else DAYS_OF_THE_UNFINISHED
        started = now - datetime.timedelta(seconds=int(days * 86_400 * (1 - place / count)) + chance.random() * 600)
        rep = REP_OF.get(reason, chance.randrange(REPS))
        yield _one(
            place, company, people[company][rep], started, reason, chance.randrange(_numbers_at(company, numbers))
        )


def _one(place: int, company: int, rep: Any, started: datetime.datetime, reason: Reason, number: int) -> dict[str, Any]:
    status = STATUS_OF[reason]
    is_unknown_rep, is_logged = reason == Reason.UNKNOWN_REP, status == Status.LOGGED
    email = "nobody@company.example" if is_unknown_rep else rep.email
    at, next_attempt_at = _stored(started), None
    if status == Status.PENDING:
        next_attempt_at = at
    elif reason == Reason.NO_CONTACT:
        next_attempt_at = _stored(started + datetime.timedelta(days=DAYS_OF_THE_UNFINISHED + 1))
        number += NOBODYS
    return {
        "reference": reference_of(place),
        "company_id": rep.company_id,
        "external_id": f"c-{place}",
        "rep_key": f"email:{email}",
        "rep_id": None if is_unknown_rep else rep.pk,
        "rep_email": email,
        "direction": Call.Direction.IN if place % 2 else Call.Direction.OUT,
        "answered": place % 7 != 0,
        "result": "answered" if place % 7 else "missed",
        "customer_number": "" if reason == Reason.HIDDEN_NUMBER else number_of(company, number),
        "started_at": at,
        "received_at": at,
        "tried_since": at,
        "status": status,
        "reason": reason,
        "next_attempt_at": next_attempt_at,
        "person_id": number if is_logged else None,
        "person_name": name_of(number) if is_logged else "",
        "activity_id": place if is_logged else None,
        "logged_at": at if is_logged else None,
    }


def _insert(calls: Iterator[dict[str, Any]]) -> None:
    """Insert by plain SQL: models would take ten times as long. Columns that are not given get their defaults."""
    fields = [field for field in Call._meta.concrete_fields if not field.primary_key]
    defaults = {field.attname: _stored(field.get_default()) for field in fields}
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    signs = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {Call._meta.db_table} ({names}) VALUES ({signs})"  # noqa: S608 - of our own names alone
    with connection.cursor() as cursor:
        while chunk := [list((defaults | call).values()) for call in islice(calls, AT_ONCE)]:
            cursor.executemany(sql, chunk)


def _stored(value: Any) -> Any:
    """A time as the database takes it from plain SQL."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime.datetime) else value
