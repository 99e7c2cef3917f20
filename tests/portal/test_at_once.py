"""What happens at the same moment: still one call, one activity, one account, one refresh."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from tests.portal.processes import manage
from tests.portal.running_portal import Portal
from tests.portal.tenants import SECONDS_TO_LOG, Person, Tenant, new_number, ready_tenant
from tests.portal.web_browser import Page
from tests.sandbox.running_sandbox import Json, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("calm")]

T = TypeVar("T")
SECONDS_PIPEDRIVE_HANGS = 8.0
SECONDS_A_TOKEN_LIVES = 2


@pytest.fixture(scope="module")
def company(portal: Portal) -> tuple[Tenant, Person]:
    """A company whose admin has connected everything."""
    return ready_tenant(portal)


def at_once(work: Callable[[int], T], times: int) -> list[T]:
    """Do something so many times at the same moment."""
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(work, range(times)))


def requests_since(portal: Portal, mark: int) -> list[Json]:
    """Return Pipedrive's log from a mark on."""
    requests: list[Json] = portal.sandbox.state("requests")["requests"][mark:]
    return requests


def log_length(portal: Portal) -> int:
    return len(portal.sandbox.state("requests")["requests"])


def test_the_same_webhook_fifty_times_is_one_call_and_one_activity(company: tuple[Tenant, Person]) -> None:
    tenant, aino = company
    contact = tenant.contact(number := new_number())
    event = tenant.event(aino, from_=number)
    answers = at_once(lambda _: tenant.send(event), 50)
    assert Counter(answer.status_code for answer in answers) == {202: 1, 200: 49}
    assert Counter(answer.json()["status"] for answer in answers) == {"accepted": 1, "duplicate": 49}
    call = aino.wait_for_call(event["call_id"], "logged")
    assert {answer.json()["id"] for answer in answers} == {call["id"]}
    assert tenant.send(event).status_code == 200
    assert len(aino.browser.calls(number=number)) == 1
    assert len(tenant.activities_of(contact)) == 1


def test_legs_of_one_call_are_one_activity_for_each_rep(portal: Portal) -> None:
    tenant, aino = ready_tenant(portal, seats=2)
    bo = tenant.join("bo")
    bo.connect()
    contact = tenant.contact(number := new_number())
    first = tenant.event(aino, from_=number)
    legs = [
        {**tenant.event(rep, from_=number), "call_id": first["call_id"], "leg_id": f"leg-{leg}"}
        for leg in range(5)
        for rep in (aino, bo)
    ]
    answers = at_once(lambda number: tenant.send(legs[number]), len(legs))
    assert Counter(answer.status_code for answer in answers) == {202: 2, 200: 8}
    wait_until(lambda: len(aino.browser.calls(number=number, status="logged")) == 2, SECONDS_TO_LOG)
    assert len(aino.browser.calls(number=number)) == 2
    owners = sorted(activity["owner_id"] for activity in tenant.activities_of(contact))
    assert owners == sorted([aino.pipedrive_user["id"], bo.pipedrive_user["id"]])


def accounts_among(portal: Portal, people: list[Person]) -> list[str]:
    """The emails of those of the people who have an account."""
    emails = [person.email for person in people]
    found = f"User.objects.filter(email__in={emails!r}).values_list('email', flat=True)"
    printed = manage(portal.environment, "shell", "-v0", "-c", f"from accounts.models import User; print(*{found})")
    return printed.split()


def test_ten_sign_ups_with_one_code_make_one_account(portal: Portal) -> None:
    tenant = Tenant(portal, seats=1)
    code = tenant.codes[0]
    people = [tenant.person(f"rep{number}") for number in range(10)]
    pages = at_once(lambda number: people[number].browser.sign_up(people[number].email, code), 10)
    assert Counter(page.path for page in pages) == {"/accounts/confirm-email/": 1, "/accounts/signup/": 9}
    assert {page.status for page in pages} == {200}
    refused = [page for page in pages if page.path == "/accounts/signup/"]
    assert all(page.says("This license code is already in use") for page in refused)
    mailed = [person for person in people if portal.mailbox.to(person.email)]
    assert len(mailed) == 1
    # Asked of the database: nine refused log-ins would use up what one address may fail in a minute.
    assert accounts_among(portal, people) == [mailed[0].email], "the others have no account"


def test_the_same_email_signed_up_twice_is_one_account_and_one_licence_stays_free(portal: Portal) -> None:
    tenant = Tenant(portal, seats=2)
    codes = list(tenant.codes)
    browsers = [portal.browser() for _ in codes]
    email = tenant.person("aino").email
    pages = at_once(lambda number: browsers[number].sign_up(email, codes[number]), 2)
    assert [(page.path, page.status) for page in pages] == [("/accounts/confirm-email/", 200)] * 2
    portal.browser().confirm_email(email)
    assert portal.browser().log_in(email).path == "/integrations/"
    others = [tenant.person(name) for name in ("bo", "daniel")]
    later = [person.browser.sign_up(person.email, code) for person, code in zip(others, codes, strict=True)]
    assert sorted(page.path for page in later) == ["/accounts/confirm-email/", "/accounts/signup/"]


def test_of_the_first_registrants_exactly_one_is_company_admin(portal: Portal) -> None:
    tenant = Tenant(portal, seats=4)
    people = [tenant.person(f"rep{number}") for number in range(4)]

    def join(number: int) -> Page:
        people[number].join(tenant.codes[number])
        return people[number].browser.get("/team/")

    pages = at_once(join, len(people))
    assert Counter(page.status for page in pages) == {200: 1, 403: 3}


@pytest.mark.parametrize("how", ["refused by Pipedrive", "at the end of its time"])
def test_an_expired_access_token_is_refreshed_exactly_once(portal: Portal, how: str) -> None:
    order = portal.sandbox.order
    order("pipedrive/control/switches", burst_limit=1000, search_burst_limit=1000)
    if how == "at the end of its time":
        order("pipedrive/control/switches", access_token_seconds=SECONDS_A_TOKEN_LIVES)
    tenant, aino = ready_tenant(portal)
    mark = log_length(portal)
    if how == "refused by Pipedrive":
        order("pipedrive/control/tokens/expire", user_email=aino.email)
    else:
        end = time.monotonic() + SECONDS_A_TOKEN_LIVES
        wait_until(lambda: time.monotonic() > end, 2 * SECONDS_A_TOKEN_LIVES)
    order("pipedrive/control/switches", access_token_seconds=3599)
    contact = tenant.contact(number := new_number())
    rung = at_once(lambda _: tenant.ring(aino, from_=number), 12)
    for call_id in rung:
        aino.wait_for_call(call_id, "logged")
    refreshes = [each for each in requests_since(portal, mark) if each["path"].endswith("/oauth/token")]
    assert [each["status"] for each in refreshes] == [200]
    assert len(tenant.activities_of(contact)) == len(rung)


def test_the_webhook_is_answered_before_pipedrive_is_asked(company: tuple[Tenant, Person]) -> None:
    tenant, aino = company
    portal = tenant.portal
    tenant.contact(number := new_number())
    fault: Json = {"path": "/api/v2/", "hang_seconds": SECONDS_PIPEDRIVE_HANGS, "after": True}
    portal.sandbox.order("pipedrive/control/faults", **fault)
    mark, started = log_length(portal), time.monotonic()
    call_id = tenant.ring(aino, from_=number)
    assert time.monotonic() - started < SECONDS_PIPEDRIVE_HANGS / 2
    assert requests_since(portal, mark) == [], "Pipedrive has answered nothing yet"
    pending = aino.browser.call(call_id)
    assert pending is not None
    assert (pending["status"], pending["activity_id"]) == ("pending", None)
    aino.wait_for_call(call_id, "logged")
    assert time.monotonic() - started > SECONDS_PIPEDRIVE_HANGS, "the fault has struck"


@pytest.mark.parametrize("answer", [{"status": 500}, {"drop": True}, {"status": 200, "body": "not json"}], ids=str)
def test_a_lost_answer_is_looked_for_and_not_sent_again(company: tuple[Tenant, Person], answer: Json) -> None:
    tenant, aino = company
    contact = tenant.contact(number := new_number())
    fault = {"method": "POST", "path": "/v2/activities", "after": True, **answer}
    tenant.portal.sandbox.order("pipedrive/control/faults", **fault)
    call_id = tenant.ring(aino, from_=number)
    call = aino.wait_for_call(call_id, "logged")
    steps = aino.browser.api(f"calls/{call['id']}/").json()["steps"]
    assert ["being checked" in step["text"] for step in steps].count(True) == 1, steps
    assert [each["id"] for each in tenant.activities_of(contact)] == [call["activity_id"]]
    posts = [each for each in requests_since(tenant.portal, 0) if _is_post_for(each, contact)]
    assert len(posts) == 1


def _is_post_for(request: Json, contact: Json) -> bool:
    is_post = request["method"] == "POST" and request["path"].endswith("/v2/activities")
    return is_post and bool(request["body"]["participants"][0]["person_id"] == contact["id"])


def test_a_request_that_never_arrived_is_sent_again(company: tuple[Tenant, Person]) -> None:
    tenant, aino = company
    contact = tenant.contact(number := new_number())
    tenant.portal.sandbox.order("pipedrive/control/faults", method="POST", path="/v2/activities", drop=True)
    call_id = tenant.ring(aino, from_=number)
    call = aino.wait_for_call(call_id, "logged")
    assert [each["id"] for each in tenant.activities_of(contact)] == [call["activity_id"]]


def test_calls_that_ended_while_no_worker_ran_are_logged_by_the_next(company: tuple[Tenant, Person]) -> None:
    tenant, aino = company
    contact = tenant.contact(number := new_number())
    tenant.portal.kill_workers()
    rung = [tenant.ring(aino, from_=number) for _ in range(3)]
    calls = [aino.browser.call(call_id) for call_id in rung]
    assert [call and call["reason"] for call in calls] == ["queued"] * 3
    tenant.portal.start_worker()
    for call_id in rung:
        aino.wait_for_call(call_id, "logged")
    assert len(tenant.activities_of(contact)) == 3
