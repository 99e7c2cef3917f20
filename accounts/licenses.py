"""Licence codes: issued by SaaShop, redeemed by exactly one person each."""

import datetime
from collections.abc import Sequence

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import CODE_LETTERS, Company, License, User
from accounts.signals import company_changed, license_redeemed


class LicenseRefusedError(Exception):
    """A code cannot be redeemed; the message says what to do, in the reader's language."""

    def __init__(self, message: object) -> None:
        super().__init__(message)
        self.message = str(message)


def issue_licenses(*, company_name: str, seats: int, valid_until: datetime.date | None) -> Sequence[License]:
    """Make `seats` codes for a company, which is created when its name is new (case is ignored)."""
    with transaction.atomic():
        company = _company_named(company_name) or Company.objects.create(name=company_name)
        return License.objects.bulk_create(License(company=company, valid_until=valid_until) for _seat in range(seats))


def _company_named(name: str) -> Company | None:
    """Compared here, because SQLite's `iexact` takes Ä and ä for different letters."""
    return next((each for each in Company.objects.all() if each.name.casefold() == name.casefold()), None)


def normalize_code(typed: str) -> str:
    """A code as people type it (lower case, without dashes, with spaces) in the form in which it is kept."""
    letters = "".join(letter for letter in typed.upper() if letter in CODE_LETTERS)
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def find_free_license(*, code: str) -> License:
    """The licence of a code that anybody may still redeem.

    Raises:
        LicenseRefusedError: no such code, in use already, or past its last day.
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
    if license_.valid_until is not None and license_.valid_until < timezone.localdate():
        raise LicenseRefusedError(_("This license code has expired. Order a new one from SaaShop."))
    return license_


def redeem_license(*, user: User, code: str) -> License:
    """Give the licence of a code to a person, who then works for the licence's company.

    Whoever's conditional update comes first gets it, on every database. The first person of a company becomes its
    company admin in the same way.

    Raises:
        LicenseRefusedError: as `find_free_license`, also when somebody else was faster.
    """
    license_ = find_free_license(code=code)
    with transaction.atomic():
        now = timezone.now()
        taken = License.objects.free().filter(pk=license_.pk).update(holder=user, redeemed_at=now)
        if not taken:
            return redeem_license(user=user, code=code)
        has_moved = _join_company(user=user, company=license_.company)
    if has_moved:
        company_changed.send(sender=User, user=user)
    license_redeemed.send(sender=License, user=user)
    license_.holder, license_.redeemed_at = user, now
    return license_


def _join_company(*, user: User, company: Company) -> bool:
    """Let a person work for a company, as its admin when nobody was before; tells whether they left another one."""
    previous = user.company_id
    is_first = Company.objects.filter(pk=company.pk, admin_appointed_at__isnull=True).update(
        admin_appointed_at=timezone.now()
    )
    if previous != company.pk or is_first:
        user.company, user.is_company_admin = company, bool(is_first)
        user.save(update_fields=["company", "is_company_admin"])
    return previous not in (None, company.pk)


def subscription_end(*, user: User) -> datetime.date | None:
    """The last day of a person's longest licence; None without one or when it has no end."""
    valid = License.objects.held_by(user).valid()
    if valid.filter(valid_until__isnull=True).exists():
        return None
    end: datetime.date | None = valid.aggregate(end=models.Max("valid_until"))["end"]
    return end


def has_valid_license(*, user: User) -> bool:
    return License.objects.held_by(user).valid().exists()
