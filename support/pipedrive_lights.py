"""Traffic lights of a Pipedrive account: the phone index, the activity type, pauses and tokens."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.readable import count_words, time_words
from calls.models import LoggingPolicy
from integrations.models import ContactIndex, PipedriveAccount, PipedriveConnection, TokenSpending
from integrations.pauses import account_pause
from integrations.token_budget import budget_by
from support.light import Light


def account_lights(
    account: PipedriveAccount, connections: list[PipedriveConnection], policy: LoggingPolicy, *, name: str = ""
) -> Iterator[Light]:
    """The lights of one account.

    Args:
        account: with `tokens_today`, what it has spent.
        connections: the company's people's, to any account.
        name: told in each title where the company has several accounts.
    """
    suffix = f" ({name})" if name else ""
    yield _index(account, title=_("Phone index") + suffix)
    yield _activity_type(account, policy, title=_("Activity type") + suffix)
    seats = sum(each.account_id == account.pk for each in connections)
    yield _limits(account, seats, title=_("Pipedrive's limits") + suffix)


def _index(account: PipedriveAccount, *, title: str) -> Light:
    index: ContactIndex | None = getattr(account, "contact_index", None)
    if index is None:
        sentence = _("Not begun. It begins when somebody connects Pipedrive.")
        return Light(title=title, state="todo", sentence=sentence)
    seen_at = index.polled_at or index.swept_at
    if index.problem:
        sentence = _(
            "The persons cannot be read: %(problem)s. It is tried again by itself; if it lasts, have a Pipedrive admin"
            " of the company connect."
        ) % {"problem": index.problem}
        return Light(title=title, state="broken", sentence=sentence, at=seen_at)
    if not index.is_ready:
        sentence = ngettext(
            "Being read for the first time: %(count)s person so far. Wait; calls are logged meanwhile.",
            "Being read for the first time: %(count)s persons so far. Wait; calls are logged meanwhile.",
            index.sweep_persons,
        )
        return Light(title=title, state="waiting", sentence=sentence % {"count": count_words(index.sweep_persons)})
    sentence = ngettext("%(count)s person is known.", "%(count)s persons are known.", index.persons)
    return Light(title=title, state="ok", sentence=sentence % {"count": count_words(index.persons)}, at=seen_at)


def _activity_type(account: PipedriveAccount, policy: LoggingPolicy, *, title: str) -> Light:
    at = account.activity_types_read_at
    if at is None:
        return Light(title=title, state="waiting", sentence=_("Read with the first call."))
    if account.missing_activity_type:
        sentence = _(
            "“%(missing)s” is not active in Pipedrive, so calls are logged as “call”. The company's admin chooses"
            " another type in the company's settings."
        ) % {"missing": account.missing_activity_type}
        return Light(title=title, state="waiting", sentence=sentence, at=at)
    if policy.activity_type not in account.activity_types and "call" not in account.activity_types:
        sentence = _("Pipedrive has no active type for calls. A Pipedrive admin of the company activates “call”.")
        return Light(title=title, state="broken", sentence=sentence, at=at)
    sentence = _("Calls are logged as “%(type)s”.") % {"type": policy.activity_type}
    return Light(title=title, state="ok", sentence=sentence, at=at)


def _limits(account: PipedriveAccount, seats: int, *, title: str) -> Light:
    if (pause := account_pause(account)) is not None:
        sentence = _("Left alone until %(time)s: %(why)s. It goes on by itself, and no call is lost.") % {
            "time": time_words(pause.until),
            "why": pause.kind.label,
        }
        return Light(title=title, state="waiting", sentence=sentence, at=account.tokens_left_at)
    spent = TokenSpending(account=account, tokens=vars(account)["tokens_today"] or 0)
    budget = budget_by(account, [spent], seats=seats)
    left = _("%(left)s of %(limit)s tokens are left today.") % {
        "left": count_words(budget.left),
        "limit": count_words(budget.limit),
    }
    if budget.is_short:
        advice = _("Another integration may be spending them; there are new ones after midnight UTC.")
        return Light(title=title, state="waiting", sentence=f"{left} {advice}", at=account.tokens_left_at)
    return Light(title=title, state="ok", sentence=left, at=account.tokens_left_at)
