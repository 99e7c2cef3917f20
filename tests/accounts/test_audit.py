"""The audit log: who did what, written down for good."""

import pytest
from django.db import DatabaseError, transaction
from django.test import RequestFactory
from django.utils import timezone

from accounts.audit import record
from accounts.audit_entry import Action, AuditEntry
from accounts.models import User
from tests.conftest import company_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(aino: User, staff: User) -> AuditEntry:
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.7")
    request.user = staff
    company = company_of(aino)
    changes = {"name": ["Vanha Oy", "Uusi Oy"]}
    return record(request=request, action=Action.CHANGED, company=company, subject=company, changes=changes, reason="?")


def test_an_entry_says_who_did_what_to_which_company_and_from_where(entry: AuditEntry, aino: User, staff: User) -> None:
    entry.refresh_from_db()
    assert (entry.actor, entry.is_staff, entry.company) == (staff, True, aino.company)
    assert (entry.action, entry.subject) == ("changed", f"accounts.company {aino.company_id}")
    assert (entry.changes, entry.reason) == ({"name": ["Vanha Oy", "Uusi Oy"]}, "?")
    assert entry.address == "192.0.2.7"


def test_what_the_portal_does_by_itself_has_no_actor(aino: User) -> None:
    entry = record(action=Action.DELETED, company=company_of(aino), subject=aino)
    assert (entry.actor, entry.is_staff, entry.address) == (None, False, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", timezone.now()),
        ("is_staff", False),
        ("action", "viewed"),
        ("subject", "accounts.company 0"),
        ("changes", {}),
        ("reason", "another"),
        ("address", "192.0.2.8"),
        ("actor", "aino"),
        ("company", "toinen"),
    ],
)
def test_an_entry_is_never_changed(entry: AuditEntry, aino: User, cecilia: User, field: str, value: object) -> None:
    others: dict[object, object] = {"aino": aino, "toinen": company_of(cecilia)}
    new = others.get(value, value) if isinstance(value, str) else value
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(**{field: new})


def test_who_it_was_is_forgotten_with_the_person(entry: AuditEntry, staff: User) -> None:
    AuditEntry.objects.filter(pk=entry.pk).update(reason="", address=None)
    staff.delete()
    entry.refresh_from_db()
    assert (entry.actor, entry.address, entry.reason, entry.action) == (None, None, "", "changed")
