"""Sending many calls once more, and telling what has become of them."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts.access import person
from accounts.audit import record_each
from accounts.audit_entry import Action
from calls.models import Call, Resend
from calls.reasons import Status
from calls.resume import can_be_tried, try_again

MOST_AT_ONCE = 20_000
TRIED_TOGETHER = 500
"""One statement for so many: on SQLite whoever writes waits for it, and intake may."""
SHOWN = 20
FINISHED = (Status.LOGGED, Status.SKIPPED)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Of a resend.

    Attributes:
        counts: calls by status, each with its name.
        gone: calls that have been deleted since.
        open_calls: some of those that are not logged, with the reason.
        is_over: nothing is on its way any more.
    """

    counts: list[tuple[str, int]]
    gone: int
    open_calls: list[Call]
    is_over: bool


def resend(calls: "QuerySet[Call]", *, request: HttpRequest, reason: str) -> Resend:
    """Put calls back to pending that are not logged, private or in a worker's hands; of very many the first ones. Each
    is named in the audit log.
    """
    keys = list(can_be_tried(calls).order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    with transaction.atomic():
        resent = Resend.objects.create(by=person(request), reason=reason, count=len(keys), calls=keys)
        rows = Call.objects.filter(pk__in=keys).values_list("pk", "company")
        record_each(action=Action.SEND_AGAIN, request=request, model=Call, rows=rows, reason=reason)
    try_in_pieces(keys)
    return resent


def try_in_pieces(keys: list[int]) -> int:
    """Have calls tried again, by their keys, and say how many are."""
    pieces = (keys[first : first + TRIED_TOGETHER] for first in range(0, len(keys), TRIED_TOGETHER))
    return sum(try_again(Call.objects.filter(pk__in=piece)) for piece in pieces)


def progress_of(resent: Resend) -> Progress:
    """What has become of its calls until now."""
    calls = Call.objects.filter(pk__in=resent.calls)
    counts: dict[str, int] = dict(calls.order_by().values_list("status").annotate(n=Count("pk")))
    left = calls.exclude(status__in=(*FINISHED, Status.PENDING)).select_related("company").order_by("pk")
    return Progress(
        counts=[(str(status.label), counts.get(status.value, 0)) for status in Status],
        gone=resent.count - sum(counts.values()),
        open_calls=list(left[:SHOWN]),
        is_over=not counts.get(Status.PENDING),
    )
