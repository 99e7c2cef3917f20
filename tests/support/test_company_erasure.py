"""After a company is erased nothing of it is found anywhere, its grants are revoked, and other companies are whole."""

import logging
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Task

from accounts.audit import record
from accounts.audit_entry import Action, AuditEntry
from accounts.belonging import way_to_company
from accounts.licenses import issue_licenses
from accounts.models import Company, EmailAlias, License, User
from calls.models import Call, PrivateNumber, WebhookDelivery
from integrations.models import Contact, MustalinjaAccount
from integrations.mustalinja.signature import new_secret
from support.company_erasure import LEASE, begin_erasure, go_on_with
from support.erasing_companies import CompanyErasure
from support.models import Note
from support.tasks import erase_this_company, finish_erasures
from tests.accounts.browser import in_english
from tests.admin.desk import ADMINISTRATOR, LEAD, staff_with
from tests.admin.populated import one_of_each
from tests.calls.events import deliver, ended_call
from tests.calls.steps import Connect, log
from tests.conftest import PASSWORD, company_of
from tests.sandbox.running_sandbox import Sandbox
from tests.support.test_erasure import in_the_database, tells

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
NEEDLES = ("esimerkki.example", "Esimerkki Oy", "Zyxella", "Qwertyläinen", "+358449876501", "+358400124387")


@pytest.fixture
def company(
    aino: User,
    bo: User,
    cecilia: User,
    staff: User,
    outside: Sandbox,
    mustalinja: MustalinjaAccount,
    connected: Connect,
    browser_of: Browser,
) -> Company:
    """A company that has been used, beside another one, and has no valid license any more."""
    User.objects.filter(pk=bo.pk).update(first_name="Zyxella", last_name="Qwertyläinen")
    EmailAlias.objects.create(company=company_of(bo), email="zq@esimerkki.example", person=bo)
    connected(bo)
    for number in ("+358400124387", "+358449876501"):
        deliver(mustalinja, ended_call(from_=number, user={"email": bo.email, "number": "044 987 6501"}))
    for call in Call.objects.all():
        log(call)
    other = MustalinjaAccount.objects.create(
        company=company_of(cecilia), api_key="k", api_secret="s", secret=new_secret()
    )
    deliver(other, ended_call(from_="+358501112222", user={"email": cecilia.email}))
    browser_of(aino).post("/settings/tokens/", {"name": "Zyxella"})
    Note.objects.create(company=company_of(bo), author=staff, text="Zyxella rang")
    browser_of(staff).post(f"/admin/support/people/{bo.pk}/view/", {"reason": "asked by Zyxella Qwertyläinen"})
    browser_of(staff).post(f"/admin/accounts/user/{bo.pk}/change/", {})
    License.objects.filter(company=bo.company).update(revoked_at=timezone.now())
    return company_of(bo)


def erase(company: Company, staff: User) -> CompanyErasure:
    erasure = begin_erasure(company, by=staff, reason="contract ended")
    assert go_on_with(erasure.pk)
    return erasure


def test_nothing_of_a_company_is_left_in_the_database_or_in_the_logs(
    company: Company, staff: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = {column.partition(".")[0] for column in in_the_database(*NEEDLES)}
    assert before >= {"accounts_user", "accounts_company", "calls_call", "calls_webhookdelivery", "support_note"}
    erase(company, staff)
    assert in_the_database(*NEEDLES) == set()
    assert [text for text in caplog.messages if any(tells(text, needle) for needle in NEEDLES)] == []
    entry = AuditEntry.objects.get(action=Action.COMPANY_ERASED)
    assert (entry.actor, entry.company, entry.reason) == (staff, None, "contract ended")
    assert entry.subject == f"accounts.company {company.pk}"


def test_what_was_done_for_it_stays_without_why_and_from_where(company: Company, staff: User) -> None:
    about_it = AuditEntry.objects.filter(company=company)
    record(action=Action.VIEWED, actor=staff, company=company, reason="asked for help")
    assert about_it.filter(address__isnull=False).exists()
    kept = set(about_it.values_list("pk", flat=True))
    erase(company, staff)
    entries = AuditEntry.objects.filter(pk__in=kept)
    assert len(entries) == len(kept)
    assert {(entry.company, entry.reason, entry.address) for entry in entries} == {(None, "", None)}


def test_a_failed_task_that_tells_of_its_peoples_numbers_goes(company: Company, staff: User) -> None:
    """When it is looked for, the calls by which the numbers are known have gone long since."""
    for key, number in (("theirs", "044 987 6501"), ("of others", "044 987 6502")):
        task = {"func": "calls.tasks.read_again", "started": timezone.now(), "stopped": timezone.now()}
        Task.objects.create(id=key, name=key, success=False, result=f"no such number: {number}", **task)
    erase(company, staff)
    assert [task.pk for task in Task.objects.all()] == ["of others"]


def test_grants_are_revoked_and_other_companies_are_whole(
    company: Company, cecilia: User, staff: User, outside: Sandbox
) -> None:
    erase(company, staff)
    assert [grant["alive"] for grant in outside.state("grants")["grants"]] == [False]
    call = Call.objects.get()
    assert (call.rep, call.rep_email, call.customer_number) == (cecilia, cecilia.email, "+358501112222")
    assert bytes(WebhookDelivery.objects.get().body)
    assert EmailAddress.objects.filter(user=cecilia).exists()
    assert License.objects.valid().filter(holder=cecilia).exists()


def test_no_row_of_any_table_is_left(staff: User) -> None:
    own, other = (Company.objects.get(pk=one_of_each(number)[Company].pk) for number in (0, 1))
    PrivateNumber.objects.create(user=User.objects.get(company=own), digest="d")
    ways = {
        model: way_to_company(model)
        for model in apps.get_models()
        if not model._meta.proxy and way_to_company(model) not in ("", "user__company_id")
    }
    before = {model: model._base_manager.filter(**{way: other.pk}).count() for model, way in ways.items()}
    assert sum(before.values()) > 20
    erase(own, staff)
    assert {m for m, way in ways.items() if m._base_manager.filter(**{way: own.pk}).exists()} == set()
    assert not PrivateNumber.objects.exists()
    assert {m: m._base_manager.filter(**{way: other.pk}).count() for m, way in ways.items()} == before


def test_the_doors_are_closed_at_once(company: Company, aino: User, staff: User, browser_of: Browser) -> None:
    account, browser = company.mustalinja, browser_of(aino)
    calls = Call.objects.count()
    begin_erasure(company, by=staff, reason="contract ended")
    assert deliver(account, ended_call()).status_code == 404
    assert Call.objects.count() == calls
    assert browser.get("/calls/").status_code == 302
    client = Client()
    client.post("/accounts/login/", {"login": aino.email, "password": PASSWORD})
    assert client.get("/calls/").status_code == 302


def test_it_is_gone_on_with_where_it_was_cut_off(company: Company, staff: User) -> None:
    erasure = begin_erasure(company, by=staff, reason="contract ended")
    runs = 1
    while not go_on_with(erasure.pk, seconds=0, at_once=1):
        runs += 1
    assert runs > 5
    assert in_the_database(*NEEDLES) == set()


def test_a_run_that_died_is_gone_on_with_by_the_periodic_job(company: Company, staff: User) -> None:
    erasure = begin_erasure(company, by=staff, reason="contract ended")
    CompanyErasure.objects.update(working_until=timezone.now() + LEASE)
    assert go_on_with(erasure.pk)
    finish_erasures()
    assert Contact.objects.exists()  # another worker is at it
    assert queued() == []
    CompanyErasure.objects.update(working_until=timezone.now())
    finish_erasures()
    assert queued() == [erasure.pk]
    erase_this_company(erasure.pk)
    assert not Company.objects.filter(pk=company.pk).exists()


def queued() -> list[int]:
    tasks = [entry.task for entry in OrmQ.objects.all() if entry.func() == "support.tasks.erase_this_company"]
    return [task["args"][0] for task in tasks]


def test_staff_in_a_company_keep_their_accounts(company: Company, staff: User, aino: User) -> None:
    User.objects.filter(pk=aino.pk).update(is_staff=True)
    erase(company, staff)
    aino.refresh_from_db()
    assert (aino.company, aino.is_active) == (None, True)


class TestThePage:
    def test_an_administrator_types_the_name_and_says_why(self, company: Company, browser_of: Browser) -> None:
        browser = in_english(browser_of(staff_with(ADMINISTRATOR)))
        cockpit = f"/admin/support/companies/{company.pk}/"
        assert f"{cockpit}erase/" in browser.get(cockpit).content.decode()
        for fields in ({"reason": "contract ended"}, {"reason": "contract ended", "name": "Esimerkki"}, {"name": "x"}):
            assert browser.post(f"{cockpit}erase/", fields).status_code == 200
        assert not CompanyErasure.objects.exists()
        browser.post(f"{cockpit}erase/", {"reason": "contract ended", "name": "Esimerkki Oy"})
        assert queued() == [CompanyErasure.objects.get().pk]
        assert "being erased already" in browser.get(f"{cockpit}erase/").content.decode()

    def test_not_while_there_are_valid_licenses(self, company: Company, browser_of: Browser) -> None:
        issue_licenses(company_name=company.name, seats=1, valid_until=None)
        browser, page = browser_of(staff_with(ADMINISTRATOR)), f"/admin/support/companies/{company.pk}/erase/"
        browser.post(page, {"reason": "contract ended", "name": "Esimerkki Oy"})
        assert not CompanyErasure.objects.exists()

    def test_nobody_else(self, company: Company, browser_of: Browser) -> None:
        page = f"/admin/support/companies/{company.pk}/erase/"
        fields = {"reason": "contract ended", "name": "Esimerkki Oy"}
        assert browser_of(staff_with(LEAD)).post(page, fields).status_code == 403
        assert not CompanyErasure.objects.exists()
