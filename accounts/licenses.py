"""Licence codes: issued by SaaShop, redeemed by exactly one person each."""

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import CODE_LETTERS, Company, Invitation, License, User
from accounts.roles import is_last_admin, let_the_next_one_manage
from accounts.seats import changing_team_of, end_invitation
from accounts.signals import company_changed, invitation_taken, license_redeemed


class LicenseRefusedError(Exception):
    """A code cannot be redeemed; the message says what to do, in the reader's language."""

    def __init__(self, message: object) -> None:
        super().__init__(message)
        self.message = str(message)


def issue_licenses(*, company_name: str, seats: int, valid_until: datetime.date | None) -> Sequence[License]:
    """Make `seats` codes for a company, which is created when its name is new (case is ignored)."""
    with transaction.atomic():
        company = company_named(company_name) or Company.objects.create(name=company_name)
        return License.objects.bulk_create(License(company=company, valid_until=valid_until) for _seat in range(seats))


def company_named(name: str) -> Company | None:
    """A company by its name, whatever the case: compared here, since SQLite's `iexact` takes Ä and ä for different."""
    names = Company.objects.order_by("pk").values_list("pk", "name").iterator()
    pk = next((pk for pk, known in names if known.casefold() == name.casefold()), None)
    return Company.objects.filter(pk=pk).first() if pk is not None else None


def normalize_code(typed: str) -> str:
    """A code as people type it (lower case, without dashes, with spaces) in the form in which it is kept."""
    letters = "".join(letter for letter in typed.upper() if letter in CODE_LETTERS)
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def find_free_license(*, code: str) -> License:
    """The licence of a code that anybody may still redeem.

    Raises:
        LicenseRefusedError: no such code, in use already, suspended, revoked, or past its last day.
    """
    license_ = License.objects.select_related("company").filter(code=normalize_code(code)).first()
    if license_ is None:
        raise LicenseRefusedError(
            _("There is no such license code. Check it letter by letter in the message you got it in.")
        )
    if license_.holder_id is not None:
        raise LicenseRefusedError(
            _("This license code is already in use. Ask your company's admin or SaaShop for a code of your own.")
        )
    _check_is_in_force(license_)
    return license_


def _check_is_in_force(license_: License) -> None:
    if license_.state == License.State.REVOKED:
        raise LicenseRefusedError(_("This license code has been revoked. Order a new one from SaaShop."))
    if license_.state == License.State.SUSPENDED:
        raise LicenseRefusedError(
            _("This license code is suspended for now. Ask SaaShop's support (asiakaspalvelu@saashop.fi) why.")
        )
    if license_.state == License.State.ENDED:
        raise LicenseRefusedError(_("This license code has expired. Order a new one from SaaShop."))


def redeem_license(*, user: User, code: str) -> License:
    """Give the licence of a code to a person, who then works for the licence's company.

    Whoever's conditional update comes first gets it, on every database. The first person of a company becomes its
    company admin in the same way. What was kept for the person by an invitation is used up or free again. A code opens
    one seat, whoever has it: an invitation whose code another person uses is used up too, and who invited is told.

    Raises:
        LicenseRefusedError: as `find_free_license`, also when somebody else was faster, or when another company would
            be left without an admin.
    """
    license_ = find_free_license(code=code)
    with changing_team_of(*filter(None, (license_.company_id, user.company_id))):
        _check_may_join(user, license_)
        now = timezone.now()
        taken = License.objects.valid().free().filter(pk=license_.pk).update(holder=user, redeemed_at=now)
        if not taken:
            return redeem_license(user=user, code=code)
        invitation = _use_up_invitations(user, license_)
        has_moved = _join_company(user=user, company=license_.company)
    if invitation is not None and invitation.email != user.email:
        invitation_taken.send(sender=Invitation, invitation=invitation, user=user)
    if has_moved:
        company_changed.send(sender=User, user=user)
    license_redeemed.send(sender=License, user=user)
    license_.holder, license_.redeemed_at = user, now
    return license_


def _check_may_join(user: User, license_: License) -> None:
    if user.company_id != license_.company_id and is_last_admin(user):
        raise LicenseRefusedError(
            _(
                "This code is another company's, and you are the last admin of yours. Make a colleague a company admin"
                " on the Team page first."
            )
        )


def _use_up_invitations(user: User, license_: License) -> Invitation | None:
    """The one of this seat has done its work, and is given back; others of the same person in the same company keep
    seats for nobody.
    """
    used: Invitation | None = Invitation.objects.filter(license=license_).first()
    Invitation.objects.filter(license=license_).delete()
    for invitation in Invitation.objects.filter(company=license_.company_id, email=user.email):
        end_invitation(invitation)
    return used


def _join_company(*, user: User, company: Company) -> bool:
    """Let a person work for a company, as its admin when nobody was before; tells whether they left another one."""
    previous = user.company_id
    is_first = Company.objects.filter(pk=company.pk, admin_appointed_at__isnull=True).update(
        admin_appointed_at=timezone.now()
    )
    if previous != company.pk or is_first:
        user.company, user.is_company_admin, user.sees_all_calls = company, bool(is_first), bool(is_first)
        user.save(update_fields=["company", "is_company_admin", "sees_all_calls"])
    if previous is None or previous == company.pk:
        return False
    let_the_next_one_manage(previous, after=user)
    return True


def subscription_end(*, user: User) -> datetime.date | None:
    """The last day of a person's longest licence; None without one or when it has no end."""
    return end_of(valid_licenses(user=user))


def valid_licenses(*, user: User) -> list[License]:
    """The licences by which a person may use the connector today."""
    return list(License.objects.held_by(user).valid())


def end_of(licenses: list[License]) -> datetime.date | None:
    """The last day of the longest of some licences; None without one or when it has no end."""
    ends = [license_.valid_until for license_ in licenses]
    return None if None in ends else max(filter(None, ends), default=None)


def has_valid_license(*, user: User) -> bool:
    return License.objects.held_by(user).valid().exists()
