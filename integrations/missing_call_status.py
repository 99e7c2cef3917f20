"""What a company's admin sees of the calls fetched from Mustalinja: when last, what came of it, what to do."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.readable import moment_words
from integrations.backfills import Backfill
from integrations.models import MustalinjaAccount


@dataclass(frozen=True, kw_only=True)
class MissingCalls:
    """Attributes:
    state: `ok`, `waiting` while calls are being fetched, `broken` when something is wrong.
    """

    state: str
    sentence: str


def missing_calls_of(account: MustalinjaAccount) -> MissingCalls | None:
    """How the latest pull of a company went; None where Mustalinja's API has no address, so that nothing is pulled."""
    if not settings.MUSTALINJA_API_URL:
        return None
    latest = Backfill.objects.filter(company_id=account.company_id).order_by("-asked_at", "-id").first()
    if latest is None:
        return MissingCalls(state="waiting", sentence=_("Nothing has been fetched yet."))
    if latest.problem:
        return MissingCalls(state="broken", sentence=_problem(latest))
    if latest.ended_at is None:
        text = ngettext(
            "Calls are being fetched: %(count)s call looked through so far.",
            "Calls are being fetched: %(count)s calls looked through so far.",
            latest.seen,
        )
        return MissingCalls(state="waiting", sentence=text % {"count": intcomma(latest.seen)})
    return MissingCalls(state="ok", sentence=" ".join(_result(latest)))


def _result(backfill: Backfill) -> list[str]:
    sentences = [_("Last fetched on %(moment)s.") % {"moment": moment_words(backfill.ended_at or timezone.now())}]
    if backfill.recovered:
        text = ngettext(
            "%(count)s call was missing and is here now.",
            "%(count)s calls were missing and are here now.",
            backfill.recovered,
        )
        sentences.append(text % {"count": intcomma(backfill.recovered)})
    else:
        sentences.append(_("No call was missing."))
    if backfill.quarantined:
        text = ngettext(
            "%(count)s call could not be read. It is kept, and SaaShop's support looks at it.",
            "%(count)s calls could not be read. They are kept, and SaaShop's support looks at them.",
            backfill.quarantined,
        )
        sentences.append(text % {"count": intcomma(backfill.quarantined)})
    return sentences


def _problem(backfill: Backfill) -> str:
    """What is wrong, and what the reader can do about it."""
    problems = Backfill.Problem
    tries_again = _("We try again automatically, next on %(moment)s.") % {"moment": moment_words(backfill.next_step_at)}
    match Backfill.Problem(backfill.problem):
        case problems.UNAVAILABLE:
            return " ".join([_("Mustalinja does not answer at the moment."), tries_again])
        case problems.BUSY:
            return " ".join([_("Mustalinja has asked us to wait."), tries_again])
        case problems.CREDENTIALS:
            return _("Mustalinja did not accept the credentials, so nothing could be fetched. Enter new ones below.")
        case problems.NO_LIST:
            return _("Your Mustalinja offers no list of calls, so nothing could be fetched. We try again every night.")
        case _:
            return _(
                "Missing calls could not be fetched completely. We try again every night; if this does not pass,"
                " contact SaaShop's support."
            )
