"""Numbers in the admin are masked until somebody says why they need them; then they are shown for 15 minutes."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from accounts.audit_entry import Action, AuditEntry
from accounts.models import User
from calls.follow_up import FollowUp
from calls.models import Call, LoggingPolicy, NewPerson, NumberChoice, OwnNumber, WebhookDelivery
from calls.revealing import REVEALED, SHOWN_FOR
from calls.story import CallStep, keep
from tests.accounts.browser import in_english
from tests.admin.populated import a_delivery, one_of_each
from tests.admin.test_audited_admin import page_of
from tests.calls.events import ended_call

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
WITH_NUMBERS = (Call, WebhookDelivery, FollowUp, NewPerson, NumberChoice, OwnNumber)
END = "124387"
"""How the number ends that all rows have, in whatever spelling."""


@pytest.fixture
def support(staff: User, browser_of: Browser) -> Client:
    return in_english(browser_of(staff))


@pytest.fixture
def rows() -> dict[type[Model], Any]:
    rows: dict[type[Model], Any] = dict(one_of_each())
    call = rows[Call]
    Call.objects.filter(pk=call.pk).update(detail="asked for 0400 124 387", own_number="+358400124387")
    FollowUp.objects.update(detail="refused: 0400 124 387")
    keep([CallStep(call=call, kind=CallStep.Kind.ATTEMPT, data={"looked": "index", "found": 0})])
    body = ended_call(from_="+358 400 124 387")
    WebhookDelivery.objects.filter(pk=rows[WebhookDelivery].pk).delete()
    unknown = ["odd=0400 124 387"]
    rows[WebhookDelivery] = a_delivery(call.company, outcome="accepted", call=call, event_body=body, unknown=unknown)
    return rows


def digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def shown(support: Client, path: str) -> str:
    page = support.get(path)
    assert page.status_code == 200
    return page.content.decode().replace("\N{NO-BREAK SPACE}", "").replace(" ", "").replace("-", "")


@pytest.mark.parametrize("model", WITH_NUMBERS)
def test_a_number_is_masked_in_the_list_and_on_the_page(
    support: Client, rows: dict[type[Model], Any], model: type[Model]
) -> None:
    row = rows[model]
    for path in (page_of(row), f"/admin/{row._meta.app_label}/{row._meta.model_name}/"):
        assert END not in shown(support, path)
    assert "••••87" in shown(support, page_of(row))


@pytest.mark.parametrize("model", WITH_NUMBERS)
def test_who_says_why_sees_it_and_that_is_written_down(
    support: Client, rows: dict[type[Model], Any], model: type[Model], staff: User
) -> None:
    row = rows[model]
    page = support.post(page_of(row).replace("change", "reveal"), {"reason": "the customer is on the phone"})
    assert page["Location"] == page_of(row)
    assert END in shown(support, page_of(row))
    entry = AuditEntry.objects.get(action=Action.REVEALED)
    assert (entry.actor, entry.reason) == (staff, "the customer is on the phone")
    assert entry.subject == f"{model._meta.label_lower} {row.pk}"
    assert entry.company is not None


def test_without_a_reason_nothing_is_shown(support: Client, rows: dict[type[Model], Any]) -> None:
    for fields in ({}, {"reason": " "}):
        support.post(page_of(rows[Call]).replace("change", "reveal"), fields)
        assert END not in shown(support, page_of(rows[Call]))
    assert not AuditEntry.objects.filter(action=Action.REVEALED).exists()


def test_with_a_call_its_deliveries_are_shown_and_no_other_call(support: Client, rows: dict[type[Model], Any]) -> None:
    other = one_of_each(1)[Call]
    support.post(page_of(rows[Call]).replace("change", "reveal"), {"reason": "?"})
    assert END in shown(support, page_of(rows[WebhookDelivery]))
    assert END not in shown(support, page_of(other))


def test_after_15_minutes_it_is_masked_again(support: Client, rows: dict[type[Model], Any]) -> None:
    support.post(page_of(rows[Call]).replace("change", "reveal"), {"reason": "?"})
    session = support.session
    until = session[REVEALED][f"calls.call {rows[Call].pk}"]
    assert abs(until - (timezone.now() + SHOWN_FOR).timestamp()) < 60
    session[REVEALED] = {f"calls.call {rows[Call].pk}": (timezone.now() - datetime.timedelta(seconds=1)).timestamp()}
    session.save()
    assert END not in shown(support, page_of(rows[Call]))


def test_blocked_numbers_are_masked_kept_and_edited_once_they_are_shown(
    support: Client, rows: dict[type[Model], Any]
) -> None:
    policy = rows[LoggingPolicy]
    LoggingPolicy.objects.filter(pk=policy.pk).update(blocked_numbers=["+358400124387", "+358600*"])

    def page() -> str:
        return shown(support, page_of(policy))

    def save(**changes: str) -> list[str]:
        form = support.get(page_of(policy)).context["adminform"].form
        values = {name: form[name].value() for name in form.fields}
        fields = {name: value for name, value in values.items() if value is not None and value is not False} | changes
        answer = support.post(page_of(policy), fields)
        assert answer.status_code == 302, answer.context["errors"]
        return list(LoggingPolicy.objects.get(pk=policy.pk).blocked_numbers)

    assert END not in page()
    assert "••••87" in page()
    assert "+358600*" in page()
    assert save() == ["+358400124387", "+358600*"]
    support.post(page_of(policy).replace("change", "reveal"), {"reason": "asked on the phone"})
    assert END in page()
    assert save(blocked_numbers="040 012 4388") == ["+358400124388"]


def test_a_number_is_found_though_it_is_masked(support: Client, rows: dict[type[Model], Any]) -> None:
    for spelling in ("0400 124 387", "+358400124387"):
        page = support.get("/admin/calls/call/", {"q": spelling}).content.decode()
        assert f"/admin/calls/call/{rows[Call].pk}/change/" in page


def test_staff_without_the_right_to_see_calls_reveal_nothing(browser_of: Browser, rows: dict[type[Model], Any]) -> None:
    clerk = User.objects.create_user("apu@saashop.example", is_staff=True)
    answer = browser_of(clerk).post(page_of(rows[Call]).replace("change", "reveal"), {"reason": "?"})
    assert answer.status_code == 403
    assert not AuditEntry.objects.filter(is_staff=True).exists()
