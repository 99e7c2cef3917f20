"""Which index the database takes for what is asked of many calls: nothing reads all of them."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Company, User
from calls.export import COLUMNS
from calls.models import Call, PersonWord, Turn
from calls.paging import NewestFirst
from calls.person_words import calls_with, word_rows
from calls.reasons import REASONS_OF, Reason, Status
from calls.resume import contacts_have_changed, expire_overdue, nudge_due, resume_waiting

READS_ALL_CALLS = re.compile(r"SCAN calls_call|Seq Scan on calls_call", re.IGNORECASE)
OF_WAITING_CALLS = (
    "call_waiting_for|call_of_unknown_rep|call_to_look_at_again"
    # What was found is updated by its ids.
    "|SEARCH calls_call USING INTEGER PRIMARY KEY|calls_call_pkey"
    # PostgreSQL may begin at the other end: with whoever has got a license, a connection, a contact.
    "|calls_call_rep_id"
)
SORTS = re.compile(r"TEMP B-TREE|\bSort\b")
CALLS, COMPANIES = 3_600, 12
BrowserOf = Callable[[User], Client]


@pytest.fixture
def admin(db: None) -> User:
    """The admin of one of twelve companies."""
    companies = Company.objects.bulk_create(Company(name=f"Yritys {place}") for place in range(COMPANIES))
    reps = [
        [User.objects.create_user(f"rep{rep}@yritys{place}.example", company=company) for rep in range(4)]
        for place, company in enumerate(companies)
    ]
    Call.objects.bulk_create(
        _call(place // COMPANIES, company, reps[place % COMPANIES][place // COMPANIES % 4])
        for place, company in zip(range(CALLS), companies * (CALLS // COMPANIES), strict=True)
    )
    PersonWord.objects.bulk_create(
        row
        for company in companies
        for person in range(100)
        for row in word_rows(company_id=company.pk, person_id=person, name=f"Lehto {person}")
    )
    if connection.vendor == "postgresql":
        # It makes statistics by itself within minutes. SQLite never has any: nobody makes them there.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return User.objects.create_user(
        "admin@yritys0.example", company=companies[0], is_company_admin=True, sees_all_calls=True
    )


def _call(place: int, company: Company, rep: User) -> Call:
    """Nineteen in twenty are logged; of the others each has another reason."""
    reasons = [reason for status in Status if status != Status.LOGGED for reason in sorted(REASONS_OF[status])]
    reason = Reason.LOGGED if place % 20 else reasons[place // 20 % len(reasons)]
    status = next(status for status, its_reasons in REASONS_OF.items() if reason in its_reasons)
    at = timezone.now() - datetime.timedelta(minutes=place)
    return Call(
        company=company,
        external_id=f"c-{place}",
        rep_key=f"email:{rep.email}",
        rep=None if reason == Reason.UNKNOWN_REP else rep,
        rep_email="somebody@yritys0.example" if reason == Reason.UNKNOWN_REP else rep.email,
        direction=Call.Direction.IN,
        answered=True,
        result="answered",
        customer_number="" if reason == Reason.PRIVATE_NUMBER else f"+3584000{place // 5:05d}",
        private_since=at if reason == Reason.PRIVATE_NUMBER else None,
        started_at=at,
        status=status,
        reason=reason,
        activity_id=place + 1 if status == Status.LOGGED else None,
        next_attempt_at=at if status == Status.PENDING else None,
    )


def plans_of(work: Callable[[], Any]) -> list[str]:
    """The plan of each SELECT and UPDATE of calls that some work makes."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        work()
    asked = [query["sql"] for query in queries if re.match(r'(SELECT|UPDATE)\b.*"calls_call"', query["sql"])]
    assert asked
    return [plan_of(sql) for sql in asked]


def plan_of(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql.replace('%', '%%')}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def page_plans(client: Client, path: str, **query: str) -> list[str]:
    answers: list[Any] = []
    plans = plans_of(lambda: answers.append(client.get(path, query)))
    assert [answer.status_code for answer in answers] == [200]
    return plans


@pytest.fixture
def order_matters(admin: User) -> None:
    """PostgreSQL would rather sort so few rows; what is asked is whether an index has them in order."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_sort = off")


@pytest.mark.parametrize("path", ["/calls/", "/api/v1/calls/"])
@pytest.mark.usefixtures("order_matters")
class TestHistory:
    @pytest.mark.parametrize(
        ("query", "index"),
        [
            # Counting needs no order, so any index that begins with the company does.
            ({}, "call_of_company|call_received"),
            ({"status": "logged"}, "call_of_company|call_received"),
            ({"status": "failed"}, "call_not_logged"),
            ({"reason": "no_contact"}, "call_not_logged|call_waiting_for"),
            ({"number": "+358400000007"}, "call_of_number"),
            ({"rep": "Rep1@yritys0.example"}, "call_of_companys_rep"),
        ],
    )
    def test_a_filter_is_answered_by_its_index_without_sorting_all(
        self, admin: User, browser_of: BrowserOf, path: str, query: Any, index: str
    ) -> None:
        for plan in page_plans(browser_of(admin), path, **query):
            assert re.search(index, plan)
            assert not READS_ALL_CALLS.search(plan)

    def test_a_page_at_depth_begins_where_it_is(self, admin: User, browser_of: BrowserOf, path: str) -> None:
        client = browser_of(admin)
        link = client.get("/api/v1/calls/").json()["next"]
        cursor = link.partition("cursor=")[2]
        deepest = client.get("/api/v1/calls/?cursor=" + cursor).json()["results"][-1]["started_at"]
        assert deepest < timezone.now().isoformat()
        page, *_count = page_plans(client, f"{path}?cursor={cursor}")
        assert "call_of_company" in page
        assert re.search(r"started_at<\?|Index Cond.*started_at <|started_at<", page)
        assert not SORTS.search(page.replace("Incremental", ""))

    def test_a_rep_reads_no_others_calls(self, admin: User, browser_of: BrowserOf, path: str) -> None:
        rep = User.objects.get(email="rep2@yritys0.example")
        for plan in page_plans(browser_of(rep), path):
            assert "call_of_companys_rep" in plan


class TestPageAlone:
    @pytest.mark.parametrize(
        ("query", "index"),
        [
            ({"q": "0400000007"}, "call_of_number"),
            ({"q": "Lehto 7"}, "call_of_person|call_of_company"),
            ({"person": "lehto"}, "call_of_company|call_of_person"),
        ],
    )
    def test_a_search_reads_the_calls_that_it_finds(
        self, admin: User, browser_of: BrowserOf, query: Any, index: str
    ) -> None:
        for plan in page_plans(browser_of(admin), "/calls/", **query):
            assert re.search(index, plan), plan
            assert not READS_ALL_CALLS.search(plan)

    def test_names_are_found_by_their_first_letters(self, admin: User) -> None:
        company_id = admin.company_id
        assert company_id is not None
        with CaptureQueriesContext(connection) as queries:
            calls_with(Call.objects.all(), "lehto kuusi", company_id=company_id)
        (sql,) = [query["sql"] for query in queries]
        assert re.search("person_word_once|sqlite_autoindex_calls_personword", plan_of(sql))

    def test_statistics_read_eight_weeks_of_the_company(self, admin: User, browser_of: BrowserOf) -> None:
        for plan in page_plans(browser_of(admin), "/statistics/"):
            # Here all calls are of these weeks, so on PostgreSQL any index that begins with the company does.
            assert re.search("call_of_company|call_of_number|call_received", plan)
            assert not READS_ALL_CALLS.search(plan)

    def test_an_export_reads_the_companys_calls_alone(self, admin: User) -> None:
        calls = Call.objects.visible_to(admin).order_by(*NewestFirst.ordering)
        for plan in plans_of(lambda: list(calls.values_list(*COLUMNS))):
            assert re.search("call_of_company|call_received", plan)
            assert not READS_ALL_CALLS.search(plan)


class TestWorker:
    def test_the_sweep_looks_at_waiting_calls_alone(self, admin: User) -> None:
        for plan in plans_of(resume_waiting):
            assert re.search(OF_WAITING_CALLS, plan)

    def test_a_companys_sweep_reads_no_others_calls(self, admin: User) -> None:
        of_company = (
            f"{OF_WAITING_CALLS}|call_not_logged|call_of_" if connection.vendor == "postgresql" else OF_WAITING_CALLS
        )
        for plan in plans_of(lambda: resume_waiting(company_id=admin.company_id)):
            assert re.search(of_company, plan)

    def test_old_waiting_calls_are_found_by_their_age(self, admin: User) -> None:
        assert all(re.search("call_waiting_since|call_waiting_for", plan) for plan in plans_of(expire_overdue))

    def test_calls_with_a_number_are_found_by_it(self, admin: User) -> None:
        company_id = admin.company_id
        assert company_id is not None
        plans = plans_of(lambda: contacts_have_changed(company_id, ["+358400000001"]))
        assert all(re.search("call_of_number|call_waiting_for", plan) for plan in plans)

    def test_a_companys_due_calls_are_read_in_their_order(self, admin: User) -> None:
        due = Call.objects.due(timezone.now()).filter(company=admin.company)
        assert all("call_pending_of_company" in plan for plan in plans_of(lambda: list(due[:10])))

    def test_companies_with_due_calls_are_found_by_them(self, admin: User) -> None:
        Turn.objects.update(queued_at=None)
        assert any("call_pending_of_company" in plan for plan in plans_of(nudge_due))


def test_support_reads_the_latest_calls_alone(admin: User, staff: User, browser_of: BrowserOf) -> None:
    for plan in page_plans(browser_of(staff), "/admin/calls/call/"):
        assert not SORTS.search(plan), plan


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"status__exact": "failed"}, "call_failed_or_skipped"),
        ({"status__exact": "waiting"}, "call_waiting_since|call_waiting_for"),
        ({"reason": "no_contact"}, "call_waiting_for|call_waiting_since"),
        ({"reason": "expired"}, "call_failed_or_skipped"),
        ({"q": "+358 40 000 00007"}, "call_of_number"),
        ({"q": "c-77"}, "sqlite_autoindex_calls_call|call_once_for_each_rep"),
        ({"q": "yritys7"}, "call_of_company|call_received|calls_call_rep_id|call_of_companys_rep"),
    ],
)
def test_supports_filters_and_searches_read_what_they_find(
    admin: User, staff: User, browser_of: BrowserOf, query: Any, index: str
) -> None:
    plans = page_plans(browser_of(staff), "/admin/calls/call/", **query)
    assert any(re.search(index, plan) for plan in plans), plans
    for plan in plans:
        assert not READS_ALL_CALLS.search(plan), plan


def test_the_desk_reads_open_and_failed_calls_alone(admin: User, staff: User, browser_of: BrowserOf) -> None:
    plans = page_plans(browser_of(staff), "/admin/")
    assert any("call_failed_or_skipped" in plan for plan in plans)
    for plan in plans:
        assert not re.search(r"SCAN calls_call$|Seq Scan on calls_call", plan, re.MULTILINE), plan


def test_a_support_code_leads_to_its_call(admin: User) -> None:
    code = Call.objects.order_by("pk")[0].support_code
    (plan,) = plans_of(lambda: Call.objects.with_code(code).count())
    assert not READS_ALL_CALLS.search(plan)
    assert re.search("sqlite_autoindex_calls_call|calls_call_reference", plan), plan


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no statistics")
@pytest.mark.parametrize("what", ["calls of a rep", "calls of a reason"])
def test_postgresql_knows_that_a_rep_has_one_company_and_a_reason_one_status(admin: User, what: str) -> None:
    rep = User.objects.get(email="rep1@yritys0.example")
    calls = {
        "calls of a rep": Call.objects.filter(company=rep.company_id, rep=rep),
        "calls of a reason": Call.objects.filter(status=Status.WAITING, reason=Reason.NO_CONTACT),
    }[what]
    expected = re.search(r"rows=(\d+)", plans_of(lambda: list(calls))[0])
    assert expected is not None
    assert calls.count() / 2 < int(expected[1]) < calls.count() * 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no statistics")
@pytest.mark.django_db(transaction=True)
def test_postgresql_looks_at_the_tables_after_migrations() -> None:
    Company.objects.bulk_create(Company(name=f"Yritys {place}") for place in range(300))
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default", plan=["a migration"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'accounts_company'")
        assert cursor.fetchone() == (300,)
