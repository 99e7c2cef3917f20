"""After a person or a number is erased, a search of the whole database and of the logs finds nothing of them.

The search asks the database for its tables and columns, so a table that is made later is searched as well. That it can
find something is held, too: it does, before.
"""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Task

from accounts.audit import record
from accounts.audit_entry import Action, AuditEntry
from accounts.belonging import way_to_company
from accounts.licenses import issue_licenses
from accounts.models import License, User
from calls.follow_up import FollowUp
from calls.models import Book, Call, LoggingPolicy, NumberChoice, OwnNumber, WebhookDelivery
from calls.queue import tell_of_taken_invitation
from integrations.models import Contact, MustalinjaAccount, PipedriveAccount, PipedriveEvent
from integrations.mustalinja.signature import new_secret
from support.models import Note
from support.number_erasure import erase_number, find_number
from support.tasks import erase_this_number, erase_this_person
from support.text_columns import KEPT_AS_THEY_ARE, NOT_OF_PEOPLE, text_columns
from tests.accounts.browser import in_english, sign_up
from tests.admin.populated import one_of_each
from tests.admin.test_people_and_licenses import fields_of
from tests.calls.events import deliver, ended_call
from tests.calls.steps import Connect, log
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
EMAIL, ALIAS = "zyxella.qwert@esimerkki.example", "zq-puhelin@esimerkki.example"
FIRST, LAST = "Zyxella", "Qwertyläinen"
NUMBER = "+358449876501"
CUSTOMER, CUSTOMERS_NAME = "+358449876502", "Kaleva Asdfghäinen"
OF_PERSON = (EMAIL, ALIAS, LAST, NUMBER)
OF_CUSTOMER = (CUSTOMERS_NAME, CUSTOMER)


def tells(value: Any, needle: str) -> bool:
    """Whether a value of the database tells of somebody, in any spelling, case, escape or encoding of it."""
    text = value.tobytes().decode(errors="replace") if isinstance(value, memoryview) else value
    text = (text.decode(errors="replace") if isinstance(text, bytes) else str(text)).casefold()
    if needle.startswith("+"):
        return needle.removeprefix("+358") in "".join(letter for letter in text if letter.isdigit())
    return needle.casefold() in text or json.dumps(needle)[1:-1].casefold() in text


def in_the_database(*needles: str) -> set[str]:
    """The columns in which any of it stands."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the database's own names
            columns = [column[0] for column in cursor.description or ()]
            for row in cursor.fetchall():
                found |= {
                    f"{table}.{column}"
                    for column, value in zip(columns, row, strict=True)
                    if any(tells(value, needle) for needle in needles)
                }
    return found | in_what_is_packed(*needles)


def in_what_is_packed(*needles: str) -> set[str]:
    """What a raw value does not show: queued tasks, failed ones, sessions."""
    packed = {
        "queue": [entry.task for entry in OrmQ.objects.all()],
        "failed": [(task.args, task.kwargs, task.result) for task in Task.objects.all()],
        "sessions": [session.get_decoded() for session in Session.objects.all()],
    }
    return {name for name, values in packed.items() if any(tells(value, each) for value in values for each in needles)}


@pytest.fixture
def person(
    aino: User,
    staff: User,
    outside: Sandbox,
    mustalinja: MustalinjaAccount,
    connected: Connect,
    browser_of: Browser,
) -> User:
    """Somebody who has done whatever leaves a trace: signed up, connected, called, been helped by support."""
    issue_licenses(company_name="Esimerkki Oy", seats=2, valid_until=None)
    admin, support = browser_of(aino), browser_of(staff)
    admin.post("/team/invite/", {"email": EMAIL})
    code = License.objects.get(invitation__email=EMAIL).code
    sign_up(Client(), email=EMAIL, code=code)
    user = User.objects.get(email=EMAIL)
    EmailAddress.objects.filter(user=user).update(verified=True)
    support.post(f"/admin/accounts/user/{user.pk}/change/", fields_of(user, first_name=FIRST, last_name=LAST))
    admin.post("/team/aliases/", {"email": ALIAS, "person": user.pk})
    outside.order("pipedrive/control/users", email=EMAIL, name=f"{FIRST} {LAST}")
    user.refresh_from_db()
    account = connected(user).account
    browser_of(user).post("/settings/tokens/", {"name": f"{FIRST} {LAST}"})
    _calls(mustalinja, company_of(user).pk)
    _of_support(user, staff, account)
    return user


def _calls(mustalinja: MustalinjaAccount, company_id: int) -> None:
    LoggingPolicy.objects.create(company_id=company_id, follow_up=True, blocked_numbers=["+358600*"])
    for email in (EMAIL, ALIAS):
        person = {"id": "u-9", "email": email, "number": "044 987 6501"}
        deliver(mustalinja, ended_call(user=person))
        deliver(mustalinja, ended_call(user=person, answered=False, result="missed", talk_seconds=0))
    internal = ended_call(from_=NUMBER)
    deliver(mustalinja, internal)
    for call in Call.objects.all():
        log(call)
    odd = {"event": "call.ended", "agent": EMAIL, "phone": "0449876501", "who": f"{FIRST} {LAST}"}
    deliver(mustalinja, json.dumps(odd).encode())
    deliver(mustalinja, json.dumps({**internal, "event": "call.started", "name": f"{FIRST} {LAST}"}).encode())
    OwnNumber.objects.get_or_create(company_id=company_id, number=NUMBER)


def _of_support(user: User, staff: User, account: PipedriveAccount) -> None:
    Note.objects.create(company=company_of(user), author=staff, text=f"{FIRST} {LAST} rang from 044-9876501, {EMAIL}")
    in_the_session_of(staff, f"asked by {EMAIL}")
    record(action=Action.VIEWED, actor=staff, subject=user, reason=f"asked by {EMAIL}")
    body = {"id": 1, "data": {"name": f"{FIRST} {LAST}", "email": EMAIL}}
    event = {"entity": "user", "occurred_at": timezone.now(), "body": body}
    PipedriveEvent.objects.create(account=account, event_id="e-1", **event)
    tell_of_taken_invitation(invited=EMAIL, joined_id=1, invited_by_id=1)
    now = timezone.now()
    task = {"func": "calls.tasks.mail_invitation_taken", "started": now, "stopped": now, "name": "t", "args": (EMAIL,)}
    Task.objects.create(id="t", success=False, **task)


def in_the_session_of(staff: User, reason: str) -> None:
    """As a view of the portal as a customer leaves it."""
    client = Client()
    client.force_login(staff, "django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["viewing"] = {"reason": reason}
    session.save()


def test_nothing_of_a_person_is_left_in_the_database_or_in_the_logs(
    person: User, staff: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = in_the_database(*OF_PERSON)
    tables = {column.partition(".")[0] for column in before}
    assert tables >= {
        *("accounts_user", "account_emailaddress", "accounts_emailalias", "accounts_auditentry", "accounts_apitoken"),
        *("calls_call", "calls_webhookdelivery", "calls_ownnumber", "django_admin_log", "integrations_pipedriveevent"),
        *("integrations_pipedriveconnection", "support_note", "queue", "failed", "sessions"),
    }
    calls = Call.objects.count()
    erase_this_person(person.pk, staff.pk, "asked for it")
    assert in_the_database(*OF_PERSON) == set()
    assert [text for text in caplog.messages if any(tells(text, needle) for needle in OF_PERSON)] == []
    assert Call.objects.count() == calls
    assert not Call.objects.filter(rep=person.pk).exists()


def test_it_is_written_down_without_naming_anybody(person: User, staff: User) -> None:
    company = person.company
    erase_this_person(person.pk, staff.pk, "asked for it")
    entry = AuditEntry.objects.get(action=Action.ERASED)
    assert (entry.actor, entry.company, entry.reason) == (staff, company, "asked for it")


def test_an_event_that_is_sent_again_makes_no_second_call(
    person: User, staff: User, mustalinja: MustalinjaAccount
) -> None:
    event = ended_call(user={"id": "u-9", "email": EMAIL, "number": "044 987 6501"})
    deliver(mustalinja, event)
    erase_this_person(person.pk, staff.pk, "asked for it")
    calls = Call.objects.count()
    answer = deliver(mustalinja, {**event, "event_id": "again"})
    assert answer.json()["status"] == "duplicate"
    assert Call.objects.count() == calls
    assert in_the_database(*OF_PERSON) == set()


def test_colleagues_and_their_calls_are_left_alone(
    person: User, staff: User, bo: User, mustalinja: MustalinjaAccount
) -> None:
    deliver(mustalinja, ended_call())
    call = Call.objects.get(rep=bo)
    erase_this_person(person.pk, staff.pk, "asked for it")
    call.refresh_from_db()
    assert (call.rep, call.rep_email, call.customer_number) == (bo, bo.email, "+358400124387")
    assert bo.email in bytes(call.deliveries.get().body).decode()
    assert NumberChoice.objects.count() == 0


def test_no_text_column_of_any_table_is_forgotten(staff: User) -> None:
    """Every text column of a row of every table, whether a name is to be expected there or not."""
    one_of_each()
    user = User.objects.get(email="rep0@yritys.example")
    company = company_of(user)
    User.objects.filter(pk=user.pk).update(first_name=FIRST, last_name=LAST)
    Call.objects.update(rep_number=NUMBER)
    stained = set()
    for model in apps.get_models():
        if model._meta.proxy or model._meta.label_lower in KEPT_AS_THEY_ARE | NOT_OF_PEOPLE:
            continue
        way = way_to_company(model)
        row = model._base_manager.filter(**({way: company.pk} if way else {})).first()
        for field in text_columns(model) if row is not None else ():
            if _stain(model, row, field, f"{user.email} {FIRST} {LAST} 044 987 6501"):
                stained.add(f"{model._meta.db_table}.{field.column}")
    assert len(stained) > 20
    needles = (user.email, LAST, NUMBER)
    assert stained <= in_the_database(*needles)
    erase_this_person(user.pk, staff.pk, "asked for it")
    assert in_the_database(*needles) == set()


def _stain(model: type[models.Model], row: Any, field: models.Field[Any, Any], text: str) -> bool:
    """Write a text into a column; False where that is not possible, as where it is too short."""
    is_one_of = {name for each in model._meta.total_unique_constraints for name in each.fields}
    if (field.max_length is not None and field.max_length < len(text)) or field.unique or field.name in is_one_of:
        return False
    value: Any = text
    if isinstance(field, models.JSONField):
        value = {"about": [text]}
    elif isinstance(field, models.BinaryField):
        value = text.encode()
    return bool(model._base_manager.filter(pk=row.pk).update(**{field.name: value}))


@pytest.fixture
def customer(
    aino: User, bo: User, cecilia: User, outside: Sandbox, mustalinja: MustalinjaAccount, connected: Connect
) -> MustalinjaAccount:
    """Somebody who has called two companies, one of which has them in Pipedrive."""
    outside.order("pipedrive/control/persons", name=CUSTOMERS_NAME, phones=["044 987 6502"])
    account = connected(bo).account
    LoggingPolicy.objects.create(company=company_of(bo), follow_up=True, blocked_numbers=[CUSTOMER])
    NumberChoice.objects.create(account=account, number=CUSTOMER, person_id=7)
    other = MustalinjaAccount.objects.create(
        company=company_of(cecilia), api_key="k", api_secret="s", secret=new_secret()
    )
    for each, email in ((mustalinja, bo.email), (other, cecilia.email)):
        person = {"id": "u", "email": email, "number": "+358501112222"}
        event = ended_call(from_="044 987 6502", user=person, note=f"{CUSTOMERS_NAME}: 0449876502")
        deliver(each, event)
        deliver(each, json.dumps({"event": "call.ended", "odd": "00358449876502"}).encode())
    LoggingPolicy.objects.update(blocked_numbers=[])
    for call in Call.objects.all():
        log(call)
    LoggingPolicy.objects.update(blocked_numbers=[CUSTOMER])
    return mustalinja


def test_nothing_of_a_number_is_left_in_any_company(
    customer: MustalinjaAccount, staff: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert [each.calls for each in find_number(CUSTOMER)] == [1, 1]
    before = {column.partition(".")[0] for column in in_the_database(*OF_CUSTOMER)}
    assert before >= {
        *("calls_call", "calls_webhookdelivery", "calls_numberchoice", "calls_loggingpolicy"),
        *("integrations_contact", "integrations_contactnumber"),
    }
    statuses = sorted(Call.objects.values_list("status", flat=True))
    erase_number(CUSTOMER, by=staff, reason="asked for it")
    assert in_the_database(*OF_CUSTOMER) == set()
    assert [text for text in caplog.messages if any(tells(text, needle) for needle in OF_CUSTOMER)] == []
    assert sorted(Call.objects.values_list("status", flat=True)) == statuses
    assert AuditEntry.objects.filter(action=Action.NUMBER_ERASED, actor=staff).count() == 2
    assert find_number(CUSTOMER) == []


def test_other_numbers_are_left_alone(customer: MustalinjaAccount, staff: User) -> None:
    deliver(customer, ended_call(from_="+358400124387"))
    contacts = Contact.objects.exclude(name="").count()
    erase_number(CUSTOMER, by=staff, reason="asked for it")
    assert Call.objects.filter(customer_number="+358400124387").count() == 1
    assert Contact.objects.exclude(name="").count() == contacts - 1
    assert Book.objects.count() == 0
    assert FollowUp.objects.filter(customer_number=CUSTOMER).count() == 0
    assert WebhookDelivery.objects.exclude(body=b"").exists()


class TestPages:
    def test_a_person_is_erased_by_a_worker_after_a_reason(self, bo: User, staff: User, browser_of: Browser) -> None:
        support, page = browser_of(staff), f"/admin/support/people/{bo.pk}/erase/"
        assert bo.email in support.get(page).content.decode()
        support.post(page, {"reason": ""})
        assert not any(entry.func() == "support.tasks.erase_this_person" for entry in OrmQ.objects.all())
        support.post(page, {"reason": "asked for it"})
        (task,) = [entry.task for entry in OrmQ.objects.all() if entry.func() == "support.tasks.erase_this_person"]
        erase_this_person(*task["args"])
        assert not User.objects.filter(pk=bo.pk).exists()

    def test_the_last_admin_is_not(self, aino: User, bo: User, staff: User, browser_of: Browser) -> None:
        page = f"/admin/support/people/{aino.pk}/erase/"
        shown = in_english(browser_of(staff)).get(page).content.decode()
        assert "This is the company&#x27;s last admin." in shown
        browser_of(staff).post(page, {"reason": "asked for it"})
        assert not any(entry.func() == "support.tasks.erase_this_person" for entry in OrmQ.objects.all())

    def test_a_number_is_found_in_any_spelling_and_erased(
        self, customer: MustalinjaAccount, staff: User, browser_of: Browser
    ) -> None:
        support, page = browser_of(staff), "/admin/support/numbers/"
        found = support.post(page, {"number": "044-987 6502"}).content.decode()
        assert "Esimerkki Oy" in found
        assert "Toinen Oy" in found
        support.post(page, {"number": CUSTOMER, "reason": "asked for it"})
        (task,) = [entry.task for entry in OrmQ.objects.all() if entry.func() == "support.tasks.erase_this_number"]
        assert not tells(task, CUSTOMER)
        erase_this_number(*task["args"])
        assert find_number(CUSTOMER) == []
