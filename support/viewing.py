"""Viewing the portal as a customer: who looks with whose eyes, why, and until when. It is kept in the session of the
member of staff, and its beginning and its end are in the log of the customer's company.
"""

import datetime
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.audit import record
from accounts.audit_entry import Action
from accounts.models import Company, User
from accounts.second_step import is_staff_session

SESSION_KEY = "viewing"
LASTS = datetime.timedelta(hours=1)
RIGHT = "accounts.view_as_user"


@dataclass(frozen=True, kw_only=True)
class Viewing:
    """A view that is going on.

    Attributes:
        person: with whose eyes.
        reason: as the member of staff gave it.
    """

    person: User
    reason: str
    ends_at: datetime.datetime

    @property
    def minutes_left(self) -> int:
        """Whole minutes, the begun one among them."""
        return -(-(self.ends_at - timezone.now()) // datetime.timedelta(minutes=1))


def may_view(staff: User | AnonymousUser, person: User) -> bool:
    """Whether a member of staff may see the portal as a person: one of a company, who could log in, and never staff."""
    is_customer = not (person.is_staff or person.is_superuser) and person.company_id is not None
    return is_customer and person.is_active and staff.has_perm(RIGHT)


@transaction.atomic
def begin(request: HttpRequest, person: User, *, reason: str) -> None:
    """View the portal as a person from the next request on; a view that is going on ends."""
    end(request)
    now = timezone.now()
    ends_at = (now + LASTS).isoformat()
    kept = {"person": person.pk, "company": person.company_id, "reason": reason, "ends_at": ends_at}
    request.session[SESSION_KEY] = kept
    record(action=Action.VIEW_BEGUN, request=request, company=person.company, subject=person, reason=reason)


def viewing_of(request: HttpRequest) -> Viewing | None:
    """The view that is going on in a session, if it may go on; one that may not ends."""
    kept = request.session.get(SESSION_KEY)
    if kept is None:
        return None
    ends_at = datetime.datetime.fromisoformat(kept["ends_at"])
    person = User.objects.select_related("company").filter(pk=kept["person"], company=kept["company"]).first()
    is_allowed = person is not None and is_staff_session(request) and may_view(request.user, person)
    if person is None or not is_allowed or ends_at <= timezone.now():
        end(request)
        return None
    return Viewing(person=person, reason=kept["reason"], ends_at=ends_at)


def end(request: HttpRequest) -> int | None:
    """End the view of a session; return the key of the person, or None when there is no view. One whose time was over
    ended then, though it is noticed later.
    """
    kept = request.session.pop(SESSION_KEY, None)
    if kept is None:
        return None
    company = Company.objects.filter(pk=kept["company"]).first()
    person = User.objects.filter(pk=kept["person"]).first()
    at = min(timezone.now(), datetime.datetime.fromisoformat(kept["ends_at"]))
    record(action=Action.VIEW_ENDED, request=request, company=company, subject=person, reason=kept["reason"], at=at)
    return int(kept["person"])
