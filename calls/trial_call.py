"""The test call: a person rings, and sees the call pass from step to step. It is a call like every other."""

import datetime
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.readable import time_words
from calls.models import Call, WebhookDelivery
from calls.reasons import REASONS_OF, Reason, Status
from integrations.models import MustalinjaAccount
from integrations.mustalinja_link import mustalinja_account_of

NOTHING_AFTER = datetime.timedelta(minutes=1)
"""Then something is amiss: an event takes seconds."""
WATCHED_FOR = datetime.timedelta(hours=1)
NOT_OURS = {Reason.UNKNOWN_REP, Reason.NO_LICENSE, Reason.COMPANY_SUSPENDED}
"""Reasons that say that the call is nobody's whose calls are logged."""
NOBODYS = {Reason.NO_CONTACT, Reason.SEVERAL_CONTACTS, *REASONS_OF[Status.SKIPPED]}
"""Reasons that say that there is nobody in Pipedrive to log the call to."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One light.

    Attributes:
        state: `ok`, `now` (it is awaited), `later`, or `broken` (it goes no further from here by itself).
    """

    title: str
    state: str
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What has been seen since the page was opened."""

    since: datetime.datetime
    call: Call | None
    steps: list[Step]
    is_nothing_heard: bool
    is_over: bool

    @property
    def is_done(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.is_over or (self.call is not None and self.call.status not in (Status.PENDING, Status.WAITING))

    @property
    def seen(self) -> str:
        """The same as long as the page says the same."""
        said = repr((self.steps, self.call, self.is_nothing_heard, self.is_over))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def trial_since(user: User, since: datetime.datetime) -> Trial:
    """The steps of the latest call of a person that was received since a moment."""
    call = _call_since(user, since)
    age = timezone.now() - since
    return Trial(
        since=since,
        call=call,
        steps=list(_steps(user, call, since)),
        is_nothing_heard=call is None and age > NOTHING_AFTER,
        is_over=age > WATCHED_FOR,
    )


def _call_since(user: User, since: datetime.datetime) -> Call | None:
    """The person's own call; one that Mustalinja gives to nobody known, for those who may see it."""
    if user.company is None:
        return None
    received = Call.objects.filter(company=user.company, received_at__gte=since).order_by("-received_at", "-id")
    own = received.filter(rep=user).first()
    if own is None and user.sees_all_calls:
        return received.filter(Q(rep=None)).first()
    return own


def _steps(user: User, call: Call | None, since: datetime.datetime) -> Iterator[Step]:
    titles = [_("Mustalinja tells of the call"), _("Whose call it is"), _("Who has the number"), _("In Pipedrive")]
    if call is None:
        yield _not_heard(user, since, titles[0])
        yield from (Step(title=title, state="later") for title in titles[1:])
        return
    heard = _("Received at %(time)s: %(direction)s, %(number)s.") % {
        "time": time_words(call.received_at),
        "direction": call.get_direction_display(),
        "number": call.customer_display,
    }
    yield Step(title=titles[0], state="ok", sentence=heard)
    if call.reason in NOT_OURS:
        yield from _stopped(call, titles[1:])
        return
    yield Step(title=titles[1], state="ok", sentence=_("It is yours."))
    if call.reason in NOBODYS:
        yield from _stopped(call, titles[2:])
        return
    if call.status == Status.LOGGED:
        yield Step(title=titles[2], state="ok", sentence=call.person_name)
        yield Step(title=titles[3], state="ok", sentence=call.explanation)
        return
    if call.status == Status.PENDING:
        yield Step(title=titles[2], state="now", sentence=call.explanation)
        yield Step(title=titles[3], state="later")
        return
    yield Step(title=titles[2], state="later")
    yield from _stopped(call, titles[3:])


def _stopped(call: Call, titles: list[str]) -> Iterator[Step]:
    """The call waits here, or its way has ended; its page has the button that mends it."""
    yield Step(title=titles[0], state="broken", sentence=call.explanation)
    yield from (Step(title=title, state="later") for title in titles[1:])


def _not_heard(user: User, since: datetime.datetime, title: str) -> Step:
    account = mustalinja_account_of(user)
    if account is None:
        sentence = _("The Mustalinja credentials have not been entered yet, so no call can arrive.")
        return Step(title=title, state="broken", sentence=sentence)
    if account.last_refused_at is not None and account.last_refused_at >= since:
        sentence = _(
            "A call event came and was refused, because Mustalinja did not prove itself as agreed. The company's admin"
            " has to check the authentication and the signing secret."
        )
        return Step(title=title, state="broken", sentence=sentence)
    return _heard_but_not_yours(account, since, title)


def _heard_but_not_yours(account: MustalinjaAccount, since: datetime.datetime, title: str) -> Step:
    received = WebhookDelivery.objects.filter(company=account.company_id, received_at__gte=since)
    outcomes = set(received.values_list("outcome", flat=True)[:100])
    if WebhookDelivery.Outcome.QUARANTINED in outcomes:
        sentence = _("A call event came that cannot be read. It is kept; tell SaaShop's support.")
        return Step(title=title, state="broken", sentence=sentence)
    if outcomes:
        sentence = _(
            "A call event came, but of somebody else. If the call was yours, Mustalinja has another email for you than"
            " the portal: see the Integrations page."
        )
        return Step(title=title, state="now", sentence=sentence)
    sentence = _("Make the call and hang up: Mustalinja tells of a call when it has ended.")
    return Step(title=title, state="now", sentence=sentence)
