"""A company's licences as support tells them on the phone: how many, how many free, until when."""

import datetime
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Company, License


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Licences with one last day; None: for the time being. Revoked ones are no licences any more."""

    until: datetime.date | None
    bought: int
    used: int
    promised: int
    suspended: int
    is_over: bool
    ends_soon: bool

    @property
    def free(self) -> int:
        """How many anybody may still redeem; of ended ones none."""
        return 0 if self.is_over else self.bought - self.used - self.promised - self.suspended


def batches_of(company: Company, *, ending_within: datetime.timedelta) -> list[Batch]:
    """A company's licences by their last day, those for the time being first, then the latest. One query."""
    usable = Q(suspended_at=None)
    promised = usable & Q(holder=None, invitation__ends_at__gt=timezone.now())
    counts = (
        License.objects.filter(company=company, revoked_at=None)
        .order_by()
        .values_list("valid_until")
        .annotate(
            bought=Count("pk"),
            used=Count("pk", filter=usable & Q(holder__isnull=False)),
            promised=Count("pk", filter=promised),
            suspended=Count("pk", filter=~usable),
        )
    )
    today = timezone.localdate()
    batches = [
        Batch(
            until=until,
            bought=bought,
            used=used,
            promised=kept,
            suspended=suspended,
            is_over=until is not None and until < today,
            ends_soon=until is not None and today <= until <= today + ending_within,
        )
        for until, bought, used, kept, suspended in counts
    ]
    return sorted(batches, key=lambda each: each.until or datetime.date.max, reverse=True)
