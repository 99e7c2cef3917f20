"""Carrying out the web shop's orders, each number once."""

import calendar
import datetime
import json
from dataclasses import asdict, dataclass

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.code_mails import mail_codes_to
from accounts.license_deeds import Why, issue, set_last_day
from accounts.licenses import company_named
from accounts.models import Company, License, Order, User


class OrderRefusedError(Exception):
    """An order cannot be carried out as it is; nothing was kept of it, so that a mended one may have its number.

    Attributes:
        field: which part of it is wrong.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


class NumberTakenError(Exception):
    """An order of this number with another content was carried out before."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is ordered.

    Attributes:
        seats: of a renewal: how many licences go on; None: all that the company has.
        valid_until: the last day, Helsinki time; None: after `months`.
        email: to whom new codes are mailed, in `language`.
    """

    number: str
    kind: str
    company: str
    seats: int | None = None
    valid_until: datetime.date | None = None
    months: int | None = None
    email: str = ""
    language: str = Company.Language.FINNISH

    @property
    def digest(self) -> str:
        """Tells two orders apart without keeping whose address is in them."""
        content = json.dumps(asdict(self), sort_keys=True, cls=DjangoJSONEncoder)
        return salted_hmac("accounts.order", content, algorithm="sha256").hexdigest()


def carry_out(wanted: Wanted) -> tuple[Order, bool]:
    """Do what is ordered, and tell whether that was new: the same order again is answered as before. Of two that come
    at once, one is carried out.

    Raises:
        NumberTakenError: the number is another order's.
        OrderRefusedError: it cannot be carried out.
    """
    known = Order.objects.filter(number=wanted.number).first()
    if known is None:
        try:
            return _carry_out(wanted), True
        except IntegrityError:
            known = Order.objects.filter(number=wanted.number).first()
    if known is None:
        # It was not the number: somebody else made the company in the same moment. It is there now.
        return _carry_out(wanted), True
    if known.digest != wanted.digest:
        raise NumberTakenError
    return known, False


@transaction.atomic
def _carry_out(wanted: Wanted) -> Order:
    """The number is taken first: whoever comes with it at the same time waits, and finds it taken."""
    order = Order.objects.create(number=wanted.number, kind=wanted.kind, digest=wanted.digest)
    carrying_out = {Order.Kind.NEW: _sell, Order.Kind.RENEWAL: _renew, Order.Kind.CANCELLATION: _cancel}
    carrying_out[Order.Kind(wanted.kind)](order, wanted)
    assert order.company is not None  # noqa: S101 - each of the three has set it
    order.answer = {
        "number": order.number,
        "kind": order.kind,
        "company": order.company.name,
        "licenses": order.seats,
        "valid_until": order.valid_until.isoformat() if order.valid_until else None,
    }
    order.save()
    return order


def _sell(order: Order, wanted: Wanted) -> None:
    today = timezone.localdate()
    order.valid_until = _last_day(wanted, after=today)
    order.company = company_named(wanted.company) or Company.objects.create(
        name=wanted.company, language=wanted.language
    )
    order.seats = wanted.seats or 0
    _issue(order, wanted, seats=order.seats)


def _renew(order: Order, wanted: Wanted) -> None:
    """The licences that are held go on first, then the free ones; where more are ordered than there are, new ones are
    issued. None ends sooner than before.
    """
    order.company = _known_company(wanted)
    kept = License.objects.filter(company=order.company, revoked_at=None)
    first = kept.order_by(F("holder").asc(nulls_last=True), F("valid_until").desc(nulls_first=True), "pk")
    chosen = list(first if wanted.seats is None else first[: wanted.seats])
    if not chosen and wanted.seats is None:
        raise OrderRefusedError("seats", _("The company has no license to renew. Say how many it is to have."))
    ends = [license_.valid_until for license_ in chosen if license_.valid_until is not None]
    day = order.valid_until = _last_day(wanted, after=max([timezone.localdate(), *ends]))
    pks = [license_.pk for license_ in chosen]
    set_last_day(License.objects.filter(pk__in=pks, valid_until__lt=day), day=day, why=_why(order))
    order.seats = len(chosen) if wanted.seats is None else wanted.seats
    _issue(order, wanted, seats=order.seats - len(chosen))


def _cancel(order: Order, wanted: Wanted) -> None:
    """All of the company's licences end on the day, if they do not end sooner."""
    order.company = _known_company(wanted)
    if wanted.valid_until is None:
        raise OrderRefusedError("valid_until", _("Say on which day the licenses end."))
    order.valid_until = wanted.valid_until
    longer = Q(valid_until__isnull=True) | Q(valid_until__gt=wanted.valid_until)
    ending: QuerySet[License] = License.objects.filter(longer, company=order.company)
    order.seats = set_last_day(ending, day=wanted.valid_until, why=_why(order))


def _issue(order: Order, wanted: Wanted, *, seats: int) -> None:
    company = order.company
    if seats < 1 or company is None:
        return
    issued = issue(company, seats=seats, valid_until=order.valid_until, order=order, why=_why(order))
    admins = _admins_instead_of(wanted, company)
    for email in admins:
        mail_codes_to(email, company=company, licenses=issued)
    if not admins:
        mail_codes_to(wanted.email, company=company, licenses=issued, language=wanted.language)


def _admins_instead_of(wanted: Wanted, company: Company) -> list[str]:
    """Who gets the codes where whoever ordered is none of the company's people: its admins, since anybody may name any
    company in a shop, and a code lets its holder into the company. Empty: whoever ordered.
    """
    people = User.objects.filter(company=company, is_active=True)
    if people.filter(email=wanted.email.lower()).exists():
        return []
    return list(people.filter(is_company_admin=True).values_list("email", flat=True))


def _known_company(wanted: Wanted) -> Company:
    company = company_named(wanted.company)
    if company is None:
        raise OrderRefusedError("company", _("There is no company of this name."))
    return company


def _last_day(wanted: Wanted, *, after: datetime.date) -> datetime.date:
    try:
        day = wanted.valid_until or months_after(after, wanted.months or 0)
    except ValueError as error:
        raise OrderRefusedError("months", _("No calendar reaches so far. Order fewer months.")) from error
    if day < timezone.localdate():
        raise OrderRefusedError("valid_until", _("This day is over."))
    return day


def months_after(day: datetime.date, months: int) -> datetime.date:
    """The same day some months later, or the last one of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, last))


def _why(order: Order) -> Why:
    return Why(reason=f"order {order.number}")
