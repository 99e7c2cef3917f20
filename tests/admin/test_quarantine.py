"""A delivery's page tells in plain words how it differs from the known shape, and shows no number for that."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Company, User
from calls.delivery_shape import EXPECTED
from calls.models import WebhookDelivery
from integrations.mustalinja.shape import KINDS, READERS, compare
from integrations.mustalinja.webhook import KNOWN_FIELDS
from tests.accounts.browser import in_english
from tests.calls.events import ended_call

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


def differences(body: bytes, client: Client) -> str:
    company = Company.objects.create(name="Yritys Oy")
    kept = WebhookDelivery.objects.create(company=company, body=body, outcome="quarantined", problem="?")
    page = client.get(f"/admin/calls/webhookdelivery/{kept.pk}/change/").content.decode()
    return page.partition("field-differences")[2].partition('class="form-row')[0]


@pytest.fixture
def support(staff: User, browser_of: Browser) -> Client:
    return in_english(browser_of(staff))


def event(**changes: Any) -> bytes:
    return json.dumps(ended_call(**changes)).encode()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\xff\x00", "The body is not a JSON object in UTF-8"),
        (b"[1]", "The body is not a JSON object in UTF-8"),
        (event(call_id=...), "Missing, and a call needs it: call_id"),
        (event(started_at=None), "Missing, and a call needs it: started_at"),
        (event(direction="in", from_=...), "Missing, and a call needs it: from"),
        (event(direction="out", to=...), "Missing, and a call needs it: to"),
        (event(direction="sideways"), "Not understood: direction is &quot;sideways&quot;"),
        (event(started_at="1.3.2026 9:00"), "Not understood: started_at is &quot;9.9.9999 9:99&quot;"),
        (event(ring_seconds="eight"), "Not understood: ring_seconds is &quot;eight&quot;"),
        (event(user="Bo"), "Not understood: user is &quot;Bo&quot;"),
        (event(result="diverted"), "Not understood: result is &quot;diverted&quot;"),
        (event(answered="maybe"), "Not understood: answered is &quot;maybe&quot;"),
        (event(queue="sales", skill=1), "Unknown fields, kept and not used: queue, skill"),
        (event(**{"0400 124 387": 1}), "Unknown fields, kept and not used: 040• ••• •87"),
        (event(ring_seconds=...), "Not sent, which is allowed:"),
    ],
)
def test_each_difference_is_told(body: bytes, says: str, support: Client) -> None:
    assert says in differences(body, support)


def test_a_number_is_shown_by_its_form_only(support: Client) -> None:
    said = differences(event(from_="+358 40 012 4387 ext 99999999999999999999999999"), support)
    assert "Not understood: from is &quot;+999 99 999 9999 ext 9999" in said
    assert "012 4387" not in said


def test_what_is_hidden_is_not_missed(support: Client) -> None:
    assert "Missing" not in differences(event(hidden=True, from_=None), support)


def test_a_usual_delivery_is_as_expected() -> None:
    difference = compare(event(leg_id="1"), received_at=timezone.now())
    assert (difference.needed, difference.absent, difference.unknown, difference.bad) == ([], [], [], [])


def test_every_known_field_is_compared_and_every_kind_explained() -> None:
    assert set(KINDS) == KNOWN_FIELDS
    assert set(KINDS.values()) == set(EXPECTED) == {*READERS, "time"}
