"""All data of a company or a person as a file: asked for, made by a worker, mailed, downloaded by who may, ended."""

import csv
import datetime
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from accounts.audit import record
from accounts.audit_entry import Action, AuditEntry
from accounts.belonging import way_to_company
from accounts.models import Company, User
from calls.models import Call, LoggingPolicy
from integrations.models import MustalinjaAccount, PipedriveAccount
from support.company_data import TABLES, write_company_archive
from support.data_export import KEPT, DataExport, DataExportPart
from support.erasure import erase_person
from support.exporting import GIVEN_UP_AFTER, LEASE, make_export
from support.models import Note
from support.number_erasure import erase_number
from support.retention import end_what_is_over
from support.tasks import finish_exports, make_this_export
from tests.accounts.browser import in_english
from tests.admin.desk import ADMINISTRATOR, staff_with
from tests.admin.populated import SECRETS, one_of_each
from tests.calls.events import deliver, ended_call
from tests.conftest import company_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
PAGE = "/settings/company/data/"
NUMBER = "+358400124387"
NOT_IN_THE_FILE = {
    "account.EmailAddress": "the email of the person, again",
    "admin.LogEntry": "Django's history of what staff did; the log tells it",
    "accounts.CodeMail": "a mail that is leaving",
    "auth.Group": "staff's roles",
    "auth.Permission": "staff's rights",
    "calls.CallStep": "how the portal worked on a call",
    "calls.Drift": "what the portal does not know of Mustalinja's messages",
    "calls.PastCall": "digests",
    "calls.PersonWord": "an index of names that are in the calls",
    "calls.PlannedCall": "how the portal works on a call",
    "calls.PrivateNumber": "digests, and each person's own affair",
    "calls.Turn": "the queue",
    "calls.WebhookDelivery": "raw messages; what they say is in the calls",
    "integrations.Backfill": "how the portal pulled calls",
    "integrations.Contact": "a copy of the company's Pipedrive, which says who may see whom",
    "integrations.ContactIndex": "the same",
    "integrations.ContactNumber": "the same",
    "integrations.Organization": "the same",
    "integrations.PipedriveEvent": "the same",
    "integrations.PipedriveSubscription": "keys",
    "integrations.TokenSpending": "the portal's costs",
    "mfa.Authenticator": "keys",
    "support.CompanyErasure": "what is left to be erased",
    "support.DataExport": "the file itself",
    "support.Note": "support's own",
}
WHOLE = {
    "accounts.Company",
    "calls.Call",
    "calls.LoggingPolicy",
    "integrations.MustalinjaAccount",
    "integrations.PipedriveAccount",
}
"""In `company` and in `calls`."""


def test_every_table_of_a_company_is_in_the_file_or_said_not_to_be() -> None:
    of_companies = {model._meta.label for model in apps.get_models() if not model._meta.proxy and way_to_company(model)}
    exported = {table.rows(Company(pk=1)).model._meta.label for table in TABLES}
    assert of_companies == exported | WHOLE | set(NOT_IN_THE_FILE)
    assert not (exported | WHOLE) & set(NOT_IN_THE_FILE)


def unpacked(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def downloaded(client: Client, address: str) -> dict[str, str]:
    answer = client.get(address)
    assert answer.status_code == 200, address
    content = b"".join(answer)
    assert len(content) == int(answer["Content-Length"])
    return unpacked(content)


def run_queue() -> None:
    """What a worker does with what was asked for."""
    for entry in OrmQ.objects.all():
        if entry.func() == "support.tasks.make_this_export":
            make_this_export(*entry.task["args"])
            entry.delete()


def link_in(body: str) -> str:
    return next(line for line in body.splitlines() if line.endswith(".zip")).removeprefix("http://localhost:8000")


@pytest.fixture
def calls(mustalinja: MustalinjaAccount, aino: User, bo: User) -> list[Call]:
    for email in (aino.email, bo.email):
        deliver(mustalinja, ended_call(user={"email": email}))
    return list(Call.objects.all())


@pytest.fixture
def admin(aino: User, browser_of: Browser) -> Client:
    return in_english(browser_of(aino))


def test_a_company_admin_asks_gets_a_mail_and_downloads(admin: Client, aino: User, calls: list[Call]) -> None:
    Note.objects.create(company=company_of(aino), text="Hankala asiakas")
    admin.post(PAGE)
    assert "is being made" in admin.get(PAGE).content.decode()
    assert not mail.outbox
    run_queue()
    (letter,) = mail.outbox
    assert letter.to == [aino.email]
    assert "Esimerkki Oy" in letter.subject
    files = downloaded(admin, link_in(str(letter.body)))
    assert {each["id"] for each in json.loads(files["calls.json"])} == {call.reference for call in calls}
    assert [row["customer_number"] for row in csv.DictReader(io.StringIO(files["calls.csv"]))] == [f"'{NUMBER}"] * 2
    assert [each["email"] for each in json.loads(files["people.json"])] == list(
        User.objects.order_by("pk").values_list("email", flat=True)
    )
    assert json.loads(files["company.json"])["settings"]["region"] == "FI"
    assert "Hankala" not in "".join(files.values())
    log = list(AuditEntry.objects.filter(action__startswith="data_").order_by("pk").values_list("action", "actor"))
    assert log == [(Action.DATA_ASKED, aino.pk), (Action.DATA_DOWNLOADED, aino.pk)]
    assert link_in(str(letter.body)) in admin.get(PAGE).content.decode()


def test_no_secret_and_nothing_of_another_company_is_in_it() -> None:
    own, other = (one_of_each(number)[Company] for number in (0, 1))
    file = io.BytesIO()
    write_company_archive(Company.objects.get(pk=own.pk), file)
    everything = "".join(unpacked(file.getvalue()).values())
    assert "rep0@yritys.example" in everything
    assert [each for each in (*SECRETS, "rep1@yritys.example", f"Yritys {other.pk}") if each in everything] == []
    assert User.objects.get(email="rep0@yritys.example").password not in everything


def files_of_company(person: User) -> dict[str, str]:
    file = io.BytesIO()
    write_company_archive(company_of(person), file)
    return unpacked(file.getvalue())


def test_staff_are_not_named_in_the_log_of_the_file(aino: User, staff: User, browser_of: Browser) -> None:
    browser_of(staff).post(f"/admin/support/companies/{aino.company_id}/export/", {"reason": "asked for it by phone"})
    files = files_of_company(aino)
    assert "asked for it by phone" in files["log.json"]
    assert staff.email not in "".join(files.values())


def test_who_works_for_another_company_by_now_is_not_named(aino: User, bo: User, cecilia: User) -> None:
    record(action=Action.OWN_SETTINGS, actor=bo, subject=bo)
    assert bo.email in files_of_company(aino)["log.json"]
    User.objects.filter(pk=bo.pk).update(company=cecilia.company, email="bo@toinen.example")
    assert "toinen.example" not in files_of_company(aino)["log.json"]


def test_the_file_lies_encrypted_in_parts(admin: Client, calls: list[Call]) -> None:
    admin.post(PAGE)
    make_export(DataExport.objects.get().pk, part_bytes=700)
    export = DataExport.objects.get()
    assert export.parts.count() == -(-export.size // 700) > 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM support_dataexportpart")
        raw = b"".join(bytes(content) for (content,) in cursor.fetchall())
    assert b"calls.json" not in raw
    assert "calls.json" in downloaded(admin, f"{PAGE}{export.key}.zip")


def test_only_who_asked_downloads_while_they_may(
    admin: Client, aino: User, bo: User, cecilia: User, browser_of: Browser
) -> None:
    admin.post(PAGE)
    address = f"{PAGE}{DataExport.objects.get().key}.zip"
    assert admin.get(address).status_code == 404  # it is not there yet
    run_queue()
    User.objects.filter(pk=bo.pk).update(is_company_admin=True, sees_all_calls=True)
    for other in (bo, cecilia):
        assert browser_of(other).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert b"".join(admin.get(address))
    User.objects.filter(pk=aino.pk).update(sees_all_calls=False)
    assert admin.get(address).status_code == admin.get(PAGE).status_code == admin.post(PAGE).status_code == 403
    User.objects.filter(pk=aino.pk).update(sees_all_calls=True, company=company_of(cecilia))
    assert admin.get(address).status_code == 404


def test_the_link_ends_after_7_days_and_the_nightly_job_removes_the_file(admin: Client) -> None:
    admin.post(PAGE)
    run_queue()
    address = f"{PAGE}{DataExport.objects.get().key}.zip"
    DataExport.objects.update(asked_at=timezone.now() - KEPT + datetime.timedelta(minutes=1))
    assert end_what_is_over().removed == {}
    assert b"".join(admin.get(address))
    DataExport.objects.update(asked_at=timezone.now() - KEPT)
    assert admin.get(address).status_code == 404
    assert end_what_is_over().removed == {"exports": 1}
    assert not DataExportPart.objects.exists()


def test_one_at_a_time_and_a_new_one_replaces_the_old(admin: Client, bo: User, browser_of: Browser) -> None:
    admin.post(PAGE)
    assert "already" in admin.post(PAGE, follow=True).content.decode()
    assert DataExport.objects.count() == 1
    User.objects.filter(pk=bo.pk).update(is_company_admin=True, sees_all_calls=True)
    browser_of(bo).post(PAGE)
    assert DataExport.objects.count() == 2
    run_queue()
    first = DataExport.objects.get(asked_by__email="aino@esimerkki.example")
    admin.post(PAGE)
    assert not DataExport.objects.filter(pk=first.pk).exists()
    assert DataExport.objects.count() == 2


def test_what_a_worker_left_is_finished_by_another(admin: Client) -> None:
    admin.post(PAGE)
    OrmQ.objects.all().delete()
    export = DataExport.objects.get()
    DataExport.objects.update(working_until=timezone.now() + LEASE)
    DataExportPart.objects.create(export=export, place=0, content=b"half of it")
    finish_exports()
    make_export(export.pk)
    assert not mail.outbox  # a worker has it in hand
    DataExport.objects.update(working_until=timezone.now())
    finish_exports()
    run_queue()
    assert len(mail.outbox) == 1
    assert "calls.json" in downloaded(admin, f"{PAGE}{export.key}.zip")
    finish_exports()
    run_queue()
    assert len(mail.outbox) == 1


def test_one_that_cannot_be_made_is_given_up_and_may_be_asked_for_again(admin: Client) -> None:
    admin.post(PAGE)
    OrmQ.objects.all().delete()
    DataExport.objects.update(asked_at=timezone.now() - GIVEN_UP_AFTER)
    finish_exports()
    assert not any(entry.func() == "support.tasks.make_this_export" for entry in OrmQ.objects.all())
    admin.post(PAGE)
    run_queue()
    assert len(mail.outbox) == 1


def test_an_administrator_gets_a_persons_data_with_a_reason(bo: User, calls: list[Call], browser_of: Browser) -> None:
    administrator = staff_with(ADMINISTRATOR)
    browser, page = in_english(browser_of(administrator)), f"/admin/support/people/{bo.pk}/export/"
    assert page in browser.get(f"/admin/accounts/user/{bo.pk}/change/").content.decode()
    browser.post(page, {"reason": ""})
    assert not DataExport.objects.exists()
    browser.post(page, {"reason": "bo asked for it"})
    run_queue()
    (letter,) = mail.outbox
    assert letter.to == [administrator.email]
    address = link_in(str(letter.body))
    assert address.startswith("/admin/")
    files = downloaded(browser, address)
    assert json.loads(files["account.json"])["email"] == bo.email
    assert [each["rep"] for each in json.loads(files["calls.json"])] == [bo.email]
    asked = AuditEntry.objects.get(action=Action.DATA_ASKED)
    assert (asked.reason, asked.subject, asked.company) == ("bo asked for it", f"accounts.user {bo.pk}", bo.company)
    assert AuditEntry.objects.filter(action=Action.DATA_DOWNLOADED, company=bo.company).count() == 1


def test_a_company_from_its_page(aino: User, browser_of: Browser) -> None:
    browser, cockpit = browser_of(staff_with(ADMINISTRATOR)), f"/admin/support/companies/{aino.company_id}/"
    assert f"{cockpit}export/" in browser.get(cockpit).content.decode()
    assert browser.post(f"{cockpit}export/", {"reason": "they asked for it"})["Location"] == cockpit
    run_queue()
    assert json.loads(downloaded(browser, link_in(str(mail.outbox[0].body)))["company.json"])["name"] == "Esimerkki Oy"


def test_files_with_somebody_who_is_erased_go(admin: Client, bo: User, staff: User, calls: list[Call]) -> None:
    for erase in (
        lambda: erase_number(NUMBER, by=staff, reason="asked for it"),
        lambda: erase_person(bo, by=staff, reason="asked for it"),
    ):
        admin.post(PAGE)
        run_queue()
        assert DataExportPart.objects.exists()
        erase()
        assert not DataExport.objects.exists()


def test_settings_lead_there_for_who_may(admin: Client, aino: User) -> None:
    assert PAGE in admin.get("/settings/company/").content.decode()
    User.objects.filter(pk=aino.pk).update(sees_all_calls=False)
    assert PAGE not in admin.get("/settings/company/").content.decode()


def test_settings_and_links_are_told(mustalinja: MustalinjaAccount) -> None:
    LoggingPolicy.objects.create(company=mustalinja.company, minimum_seconds=7)
    PipedriveAccount.objects.create(company=mustalinja.company, pipedrive_company_id=7, name="PD")
    file = io.BytesIO()
    write_company_archive(mustalinja.company, file)
    told: dict[str, Any] = json.loads(unpacked(file.getvalue())["company.json"])
    assert told["settings"]["minimum_seconds"] == 7
    assert told["mustalinja"]["webhook_auth"] == "signed"
    assert told["pipedrive"] == [{"pipedrive_company_id": 7, "name": "PD", "domain": ""}]
