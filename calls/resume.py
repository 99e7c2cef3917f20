"""Waiting calls go on by themselves: whatever removes a cause is found here, in sets and by conditional updates."""

import datetime

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Concat
from django.utils import timezone

from accounts.models import Company, EmailAlias, License, User
from calls.models import Call, Turn
from calls.policy import LoggingPolicy, SeveralContacts, UnknownCaller
from calls.queue import QUEUE_AGAIN_AFTER, call_up, is_congested, resume_soon
from calls.reasons import Reason, Status
from calls.verdict import GIVE_UP_AFTER
from integrations.models import ContactNumber, PipedriveAccount, PipedriveConnection

NUDGED_AT_ONCE, RESUMED_AT_ONCE = 200, 500


def resume_waiting(*, company_id: int | None = None) -> None:
    """Put the calls whose cause of waiting is gone back to pending. They are looked for without a lock: an UPDATE of
    all waiting calls would hold SQLite's only write lock for as long as it looks, each minute, and intake behind it.
    """
    waiting = Call.objects.filter(status=Status.WAITING).order_by()
    if company_id is not None:
        waiting = waiting.filter(company_id=company_id)
    now = timezone.now()
    for calls in _with_cause_gone(waiting, now=now):
        pks = list(calls.values_list("pk", flat=True))
        for first in range(0, len(pks), RESUMED_AT_ONCE):
            calls.filter(pk__in=pks[first : first + RESUMED_AT_ONCE]).update(
                status=Status.PENDING,
                reason=Reason.QUEUED,
                next_attempt_at=now,
                claimed_until=None,
            )


def _with_cause_gone(waiting: "QuerySet[Call]", *, now: datetime.datetime) -> "list[QuerySet[Call]]":
    """What is asked of each call stands in the index, so no row is read before its cause is found to be gone."""
    of_nobody = waiting.filter(rep__isnull=True).exclude(rep_email="").exclude(reason=Reason.COMPANY_SUSPENDED)
    connected_emails = PipedriveConnection.objects.values("email")
    return [
        waiting.filter(next_attempt_at__lte=now),
        waiting.filter(Exists(_contacts()), reason=Reason.NO_CONTACT),
        waiting.filter(reason=Reason.COMPANY_SUSPENDED, company__in=Company.objects.filter(suspended_at__isnull=True)),
        of_nobody.filter(Exists(_people_with_email())),
        of_nobody.filter(Exists(_connected_with_email()), rep_email__in=connected_emails),
        of_nobody.filter(Exists(_aliases()), rep_email__in=EmailAlias.objects.values("email")),
        waiting.filter(Exists(_licenses()), reason=Reason.NO_LICENSE),
        waiting.filter(reason=Reason.SEVERAL_CONTACTS).exclude(
            company__logging_policy__several_contacts=SeveralContacts.ASK
        ),
        waiting.filter(
            Exists(_live_connections()),
            reason__in=(
                Reason.PIPEDRIVE_NOT_CONNECTED,
                Reason.PIPEDRIVE_REAUTHORIZE,
                Reason.PIPEDRIVE_ACCOUNT_CLOSED,
            ),
        ),
    ]


def _contacts() -> "QuerySet[ContactNumber]":
    """Of a number that somebody has by now, where the word of it was lost with a worker.

    The rep's account is asked for by itself: joined to the numbers, it makes PostgreSQL compare each call with all
    numbers of its account (measured with 18,565 waiting calls and 11,000 numbers: 13 s; so 0.4 s).
    """
    account = PipedriveAccount.objects.filter(
        connections__user=OuterRef(OuterRef("rep")),
        company=OuterRef(OuterRef("company")),
        contact_index__swept_at__isnull=False,
    ).order_by()
    return ContactNumber.objects.filter(account=Subquery(account.values("pk")[:1]), e164=OuterRef("customer_number"))


def _people_with_email() -> "QuerySet[User]":
    return User.objects.filter(email=OuterRef("rep_email"), company=OuterRef("company"), is_active=True)


def _connected_with_email() -> "QuerySet[PipedriveConnection]":
    return PipedriveConnection.objects.filter(
        email=OuterRef("rep_email"), user__company=OuterRef("company"), user__is_active=True
    )


def _aliases() -> "QuerySet[EmailAlias]":
    return EmailAlias.objects.filter(
        email=OuterRef("rep_email"),
        company=OuterRef("company"),
        person__company=OuterRef("company"),
        person__is_active=True,
    )


def _licenses() -> "QuerySet[License]":
    licenses: QuerySet[License] = License.objects.valid()
    return licenses.filter(holder=OuterRef("rep"), company=OuterRef("company"))


def _live_connections() -> "QuerySet[PipedriveConnection]":
    return PipedriveConnection.objects.filter(
        user=OuterRef("rep"), account__company=OuterRef("company"), state=PipedriveConnection.State.CONNECTED
    )


def connection_is_gone(user: User, company: Company) -> None:
    """What waited for a rep's connection to work again waits for a new one."""
    waiting = Call.objects.filter(status=Status.WAITING, company=company, rep=user)
    broken = waiting.filter(reason__in=(Reason.PIPEDRIVE_REAUTHORIZE, Reason.PIPEDRIVE_ACCOUNT_CLOSED))
    broken.update(reason=Reason.PIPEDRIVE_NOT_CONNECTED)


def contacts_have_changed(company_id: int, numbers: list[str]) -> None:
    """Numbers belong to other persons than before: their waiting calls go on."""
    _go_on(company_id, numbers, reasons=(Reason.NO_CONTACT, Reason.SEVERAL_CONTACTS))


def contact_chosen(company_id: int, number: str) -> None:
    """Somebody has said which of several persons a number means: the calls that waited for that go on."""
    _go_on(company_id, [number], reasons=(Reason.SEVERAL_CONTACTS,))


def _go_on(company_id: int, numbers: list[str], *, reasons: tuple[Reason, ...]) -> None:
    waiting = Call.objects.filter(company_id=company_id, status=Status.WAITING, customer_number__in=numbers)
    woken = waiting.filter(reason__in=reasons).update(
        status=Status.PENDING, reason=Reason.QUEUED, next_attempt_at=timezone.now(), claimed_until=None
    )
    if woken:
        resume_soon(company_id)


def contacts_are_known(company_id: int) -> None:
    """All persons have been read: calls that waited for that go on."""
    now = timezone.now()
    waiting = Call.objects.filter(company_id=company_id, status=Status.PENDING, reason=Reason.QUEUED)
    if waiting.filter(claimed_until=None, next_attempt_at__gt=now).update(next_attempt_at=now):
        resume_soon(company_id)


def give_missing_turns() -> None:
    """Companies get their turn when they are made; these were made by a fixture, or by a version without turns."""
    without = Company.objects.filter(turn__isnull=True)
    Turn.objects.bulk_create([Turn(company=company) for company in without], ignore_conflicts=True)


def nudge_due() -> int:
    """Queue the companies with due calls that nobody works on and that are not queued, and say how many. While the
    queue is long, none: it would only grow, and new calls would stand behind the same ones again and again.
    """
    now = timezone.now()
    idle = Turn.objects.filter(Q(working_until__isnull=True) | Q(working_until__lt=now))
    unqueued = idle.filter(Q(queued_at__isnull=True) | Q(queued_at__lt=now - QUEUE_AGAIN_AFTER))
    due = unqueued.filter(Exists(Call.objects.due(now).order_by().filter(company=OuterRef("company"))))
    companies = list(due.values_list("company", flat=True)[:NUDGED_AT_ONCE])
    if not companies or is_congested():
        return 0
    return sum(call_up(company_id) for company_id in companies)


def expire_overdue() -> None:
    """Give up the calls that have waited for 30 days; what for, and what Pipedrive said of it, is kept for support. The
    deletion of a private call's activity is not given up.
    """
    waiting = Call.objects.filter(status=Status.WAITING, private_since__isnull=True)
    overdue = waiting.filter(started_at__lt=timezone.now() - GIVE_UP_AFTER)
    why = Concat("reason", Value(": "), "detail", output_field=TextField())
    overdue.update(
        status=Status.FAILED,
        reason=Reason.EXPIRED,
        detail=Case(When(detail="", then="reason"), default=why, output_field=TextField()),
        next_attempt_at=None,
        claimed_until=None,
    )


def settings_changed(company: Company, *, before: LoggingPolicy) -> None:
    """The company's rules are new: read the activity types anew, and look again at what waited for one, and at unknown
    numbers where persons are created now and were not before.
    """
    PipedriveAccount.objects.filter(company=company).update(activity_types_read_at=None)
    type_found(company)
    if _kinds_with_new_persons(LoggingPolicy.of(company)) - _kinds_with_new_persons(before):
        _look_again(company, Reason.NO_CONTACT)
    resume_soon(company.pk)


def _kinds_with_new_persons(policy: LoggingPolicy) -> set[str]:
    """The kinds of calls after which a person is created."""
    return set(policy.create_person_for) if policy.unknown_caller == UnknownCaller.CREATE_PERSON else set()


def type_found(company: Company) -> None:
    """There may be a usable activity type again."""
    _look_again(company, Reason.ACTIVITY_TYPE_MISSING)


def _look_again(company: Company, reason: Reason) -> None:
    """Have waiting calls looked at now, if their 30 days are not over."""
    now = timezone.now()
    waiting = Call.objects.filter(company=company, status=Status.WAITING, reason=reason)
    waiting.filter(started_at__gte=now - GIVE_UP_AFTER).update(next_attempt_at=now)


def can_be_tried(calls: "QuerySet[Call]") -> "QuerySet[Call]":
    """Those that are neither logged nor private nor in a worker's hands."""
    unclaimed = Q(claimed_until__isnull=True) | Q(claimed_until__lt=timezone.now())
    return calls.exclude(status=Status.LOGGED).exclude(reason=Reason.PRIVATE_NUMBER).filter(unclaimed)


def try_again(calls: "QuerySet[Call]") -> int:
    """Support or an admin wants calls to be tried now, whatever became of them before; logged and private ones are left
    alone.
    """
    now = timezone.now()
    chosen = can_be_tried(calls)
    companies = set(chosen.order_by().values_list("company_id", flat=True))
    count = chosen.update(
        status=Status.PENDING,
        reason=Reason.QUEUED,
        attempts=0,
        tried_since=now,
        next_attempt_at=now,
        claimed_until=None,
    )
    for company_id in companies:
        call_up(company_id)
    return count
