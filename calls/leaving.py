"""Deleting a person's account. The company keeps its calls: they are its records, and the books count them."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Company, License, User
from accounts.roles import is_last_admin, let_the_next_one_manage
from accounts.seats import take_back
from calls.models import Call
from calls.reasons import Reason, Status
from integrations.connections import disconnect
from integrations.models import PipedriveConnection


class CannotLeaveError(Exception):
    """Something has to be done before; the message says what, in the reader's language.

    Args:
        to_staff: the same said to support of somebody else, where that takes other words.
    """

    def __init__(self, message: str, *, to_staff: str = "") -> None:
        super().__init__(message)
        self.to_staff = to_staff or message


def check_may_leave(user: User) -> None:
    """Say what somebody has to do before their account can be deleted.

    Raises:
        CannotLeaveError: there is something.
    """
    if user.is_staff:
        raise CannotLeaveError(_("Support staff's accounts are deleted in the admin."))
    if is_last_admin(user):
        raise CannotLeaveError(
            _("You are the last admin of your company. Make a colleague a company admin on the Team page first."),
            to_staff=_(
                "This is the company's last admin. Make a colleague a company admin on that person's page first."
            ),
        )
    if _activities_to_delete(user):
        raise CannotLeaveError(
            _("Activities of your private calls are still being deleted from Pipedrive. Try again in a few minutes."),
            to_staff=_(
                "Activities of the person's private calls are still being deleted from Pipedrive. Try again in a few "
                "minutes."
            ),
        )


def leave(user: User) -> None:
    """Delete the account: its seat is free, its Pipedrive token revoked, its private numbers and API tokens gone.

    Raises:
        CannotLeaveError: not now.
    """
    check_may_leave(user)
    disconnect(user=user)
    with transaction.atomic():
        # Two admins who leave at the same moment must not both find the other one.
        list(Company.objects.select_for_update().filter(people=user))
        check_may_leave(user)
        _free_seats(user)
        if user.company_id is not None:
            let_the_next_one_manage(user.company_id, after=user)
        user.delete()


def _activities_to_delete(user: User) -> bool:
    """Only the person's own connection may delete them; one that is broken never will."""
    connected = PipedriveConnection.objects.filter(user=user, state=PipedriveConnection.State.CONNECTED)
    wishes = Call.objects.filter(rep=user, private_since__isnull=False, status__in=(Status.PENDING, Status.WAITING))
    return wishes.exclude(reason=Reason.PRIVATE_NUMBER).exists() and connected.exists()


def _free_seats(user: User) -> None:
    for pk in License.objects.filter(holder=user).values_list("pk", flat=True):
        take_back(pk, user)
