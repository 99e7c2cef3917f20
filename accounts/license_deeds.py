"""What support and the web shop do to licences: each deed is written down with its reason, in one transaction with it.

Rows are locked before they are changed, so of two people who do the same thing at once, one has done it.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.audit_entry import Action
from accounts.licenses import has_valid_license
from accounts.models import Company, Invitation, License, Order, User, new_license_code
from accounts.seats import changing_team_of, end_invitation
from accounts.signals import license_redeemed

MOST_AT_ONCE = 500
"""So many licences are issued at once at most."""
SHOWN_CODES = "codes_to_show"
"""Of a session: the keys of the licences whose codes are shown next, which may be too many for an address."""


class DeedRefusedError(Exception):
    """It cannot be done to this licence; the message says why, in the reader's language."""


@dataclass(frozen=True, kw_only=True)
class Why:
    """Who does something and what for, as the audit log keeps it.

    Attributes:
        request: None where no person does it.
    """

    reason: str
    request: HttpRequest | None = None


def issue(
    company: Company,
    *,
    seats: int,
    valid_until: datetime.date | None,
    why: Why,
    is_trial: bool = False,
    order: Order | None = None,
) -> Sequence[License]:
    """Make new licences for a company. A trial has to have an end."""
    with transaction.atomic():
        issued = License.objects.bulk_create(
            License(company=company, valid_until=valid_until, is_trial=is_trial, order=order) for _seat in range(seats)
        )
        changes = {"licenses": [license_.pk for license_ in issued], "valid_until": [None, valid_until]}
        record(
            action=Action.ISSUED,
            request=why.request,
            company=company,
            subject=company,
            changes=changes,
            reason=why.reason,
        )
    return issued


def suspend(licenses: "QuerySet[License]", *, why: Why) -> int:
    """Put licences out of force until they are resumed: their holders' calls wait."""
    working = Q(suspended_at=None, revoked_at=None)
    return len(_change(licenses.filter(working), action=Action.SUSPENDED, why=why, suspended_at=timezone.now()))


def resume(licenses: "QuerySet[License]", *, why: Why) -> int:
    """Put suspended licences in force again, and let the calls go on that have waited."""
    resumed = _change(licenses.exclude(suspended_at=None), action=Action.RESUMED, why=why, suspended_at=None)
    _wake_holders(resumed)
    return len(resumed)


def revoke(licenses: "QuerySet[License]", *, why: Why) -> int:
    """Put licences out of force for good. Who holds one still sees it, and that it is revoked."""
    with transaction.atomic():
        gone = {"revoked_at": timezone.now(), "suspended_at": None}
        revoked = _change(licenses.filter(revoked_at=None), action=Action.REVOKED, why=why, **gone)
        Invitation.objects.filter(license__in=revoked).delete()
    return len(revoked)


def set_last_day(licenses: "QuerySet[License]", *, day: datetime.date, why: Why) -> int:
    """Let licences end on a day, sooner or later than before; calls that waited for that go on."""
    others = licenses.filter(revoked_at=None).exclude(valid_until=day)
    changed = _change(others, action=Action.EXTENDED, why=why, valid_until=day)
    _wake_holders(changed)
    return len(changed)


def release(licenses: "QuerySet[License]", *, why: Why) -> int:
    """Take licences from their holders: each gets another code, since the holder knows the old one."""
    released = 0
    for pk, company_id in licenses.exclude(holder=None).order_by("pk").values_list("pk", "company_id"):
        with changing_team_of(company_id):
            for license_ in _locked(License.objects.filter(pk=pk).exclude(holder=None)):
                _move(license_, to=None, action=Action.RELEASED, why=why)
                released += 1
    return released


def hand_over(license_: License, *, heir: User, why: Why) -> None:
    """Give a licence to another person of its company, whoever holds it.

    Raises:
        DeedRefusedError: it is not in force, the person belongs to another company or has a licence already.
    """
    with changing_team_of(license_.company_id):
        taken = next(iter(_locked(License.objects.valid().filter(pk=license_.pk))), None)
        if taken is None:
            raise DeedRefusedError(_("The license is not in force. Resume or extend it first."))
        heir = User.objects.get(pk=heir.pk)
        if heir.company_id != taken.company_id or not heir.is_active:
            raise DeedRefusedError(_("Only active people of the license's company can get it."))
        if has_valid_license(user=heir):
            raise DeedRefusedError(_("%(email)s has a valid license already.") % {"email": heir.email})
        Invitation.objects.filter(license=taken).delete()
        for kept in Invitation.objects.filter(company=taken.company_id, email=heir.email):
            end_invitation(kept)
        _move(taken, to=heir, action=Action.HANDED_OVER, why=why)
    license_redeemed.send(sender=License, user=heir)


def _locked(licenses: "QuerySet[License]") -> "QuerySet[License]":
    return licenses.select_related("company", "holder").order_by("pk").select_for_update(of=("self",))


def _change(licenses: "QuerySet[License]", *, action: Action, why: Why, **values: Any) -> list[License]:
    """Change each and write down what it was; the changed ones."""
    with transaction.atomic():
        changed = list(_locked(licenses))
        for license_ in changed:
            changes = {name: [getattr(license_, name), value] for name, value in values.items()}
            for name, value in values.items():
                setattr(license_, name, value)
            license_.save(update_fields=list(values))
            _write_down(license_, action=action, why=why, changes=changes)
    return changed


def _move(license_: License, *, to: User | None, action: Action, why: Why) -> None:
    """From its holder to somebody or nobody, with a new code."""
    changes = {"holder": [license_.holder_id, to.pk if to else None]}
    license_.holder, license_.redeemed_at = to, timezone.now() if to else None
    license_.code = new_license_code()
    license_.save(update_fields=["holder", "redeemed_at", "code"])
    _write_down(license_, action=action, why=why, changes=changes)


def _write_down(license_: License, *, action: Action, why: Why, changes: dict[str, Any]) -> None:
    record(
        action=action,
        request=why.request,
        company=license_.company,
        subject=license_,
        changes=changes,
        reason=why.reason,
    )


def _wake_holders(licenses: Sequence[License]) -> None:
    """Once the transaction is over, since whoever is woken has to see it."""
    holders = {license_.holder for license_ in licenses if license_.holder is not None}
    for holder in holders:
        license_redeemed.send(sender=License, user=holder)
