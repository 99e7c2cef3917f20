"""What people see of the phone index and of Pipedrive's tokens."""

import math
from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.readable import time_words
from integrations.links import Link, Progress
from integrations.models import ContactIndex, PipedriveAccount, PipedriveSubscription
from integrations.token_budget import budget_by, spent_today


@dataclass(frozen=True, kw_only=True)
class TokensToday:
    """What the connector has spent today, and what the whole company has left.

    Attributes:
        rows: what for, how many requests, how many tokens.
    """

    spent: int
    left: int
    limit: int
    is_short: bool
    rows: list[tuple[str, int, int]]


def tokens_today(account: PipedriveAccount | None) -> TokensToday | None:
    """Today's tokens of a company; None where nobody has connected Pipedrive."""
    if account is None:
        return None
    spending = spent_today(account)
    budget = budget_by(account, spending)
    rows = [(row.get_operation_display(), row.requests, row.tokens) for row in spending]
    return TokensToday(
        spent=sum(tokens for _name, _requests, tokens in rows),
        left=budget.left,
        limit=budget.limit,
        is_short=budget.is_short,
        rows=rows,
    )


def contacts_link(account: PipedriveAccount | None) -> Link:
    """Whether the persons of a company's Pipedrive have been read, and how news of them comes."""
    title = _("Contacts in Pipedrive")
    index: ContactIndex | None = getattr(account, "contact_index", None)
    if account is None:
        sentence = _("Your contacts are read once Pipedrive is connected.")
        return Link(key="contacts", title=title, state="waiting", sentence=sentence)
    if index is None or not index.is_ready:
        return _being_read(index, title=title)
    sentence = ngettext(
        "The number of a caller is looked up among %(count)s person in Pipedrive.",
        "The number of a caller is looked up among %(count)s persons in Pipedrive.",
        index.persons,
    ) % {"count": intcomma(index.persons)}
    details = [(_("News from Pipedrive"), _how_news_comes(account, index))]
    if index.sweep_started_at is not None:
        progress = Progress(value=min(index.sweep_persons, index.persons), maximum=index.persons)
        details.append((_("Please note"), _("All persons are just being read anew.")))
        return Link(key="contacts", title=title, state="ok", sentence=sentence, details=details, progress=progress)
    return Link(key="contacts", title=title, state="ok", sentence=sentence, details=details)


def _being_read(index: ContactIndex | None, *, title: str) -> Link:
    count = index.sweep_persons if index else 0
    if index is not None and index.problem:
        sentence = _(
            "Your contacts cannot be read from Pipedrive at the moment. We try again automatically; meanwhile each"
            " caller is searched for, which costs more of your company's tokens."
        )
        return Link(key="contacts", title=title, state="broken", sentence=sentence)
    sentence = ngettext(
        "Your contacts are being read from Pipedrive: %(count)s person so far. Calls that come meanwhile are logged,"
        " too.",
        "Your contacts are being read from Pipedrive: %(count)s persons so far. Calls that come meanwhile are logged,"
        " too.",
        count,
    ) % {"count": intcomma(count)}
    progress = Progress(value=count, maximum=None)
    return Link(key="contacts", title=title, state="waiting", sentence=sentence, progress=progress)


def _how_news_comes(account: PipedriveAccount, index: ContactIndex) -> str:
    if index.problem:
        return _("Cannot be read at the moment. We try again automatically.")
    subscription: PipedriveSubscription | None = getattr(account, "subscription", None)
    if subscription is not None and subscription.is_proven:
        return _("At once: Pipedrive tells of every change.")
    asked_at = time_words(index.polled_at or index.swept_at or timezone.now())
    minutes = math.ceil((index.next_step_at - timezone.now()).total_seconds() / 60)
    if minutes <= 1:
        return _("We ask for changes now and then: last at %(time)s, next in a moment.") % {"time": asked_at}
    return _("We ask for changes now and then: last at %(time)s, next in %(minutes)s min.") % {
        "time": asked_at,
        "minutes": minutes,
    }
