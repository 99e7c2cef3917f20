"""Traffic lights of a company: Mustalinja, its people's Pipedrive, the queue, the books."""

import datetime
from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Company
from integrations.models import MustalinjaAccount, PipedriveConnection
from integrations.troubles import SILENT_AFTER
from support.call_figures import DELAYED_AFTER
from support.light import Light

States = PipedriveConnection.State


def mustalinja_lights(company: Company) -> Iterator[Light]:
    """Whether call events come, and whether Mustalinja accepts the company's credentials."""
    account: MustalinjaAccount | None = getattr(company, "mustalinja", None)
    webhook, credentials = _("Calls from Mustalinja"), _("Mustalinja credentials")
    if account is None:
        sentence = _("Nobody has entered them. The company's admin does it on the Integrations page.")
        yield Light(title=credentials, state="todo", sentence=sentence)
        sentence = _("Calls arrive once the Mustalinja credentials have been entered.")
        yield Light(title=webhook, state="todo", sentence=sentence)
        return
    yield _credentials(account, title=credentials)
    yield _webhook(account, title=webhook)


def _credentials(account: MustalinjaAccount, *, title: str) -> Light:
    at = account.credentials_checked_at
    if account.credentials_accepted is False:
        sentence = _(
            "Mustalinja refuses them. The company's admin enters new ones under Mustalinja settings; Mustalinja's"
            " support gives them out."
        )
        return Light(title=title, state="broken", sentence=sentence, at=at)
    if account.credentials_accepted is None:
        sentence = _("Saved, and not tried yet. They are tried when somebody opens the Integrations page.")
        return Light(title=title, state="waiting", sentence=sentence)
    return Light(title=title, state="ok", sentence=_("Mustalinja accepts them."), at=at)


def _webhook(account: MustalinjaAccount, *, title: str) -> Light:
    heard, refused = account.last_heard_at, account.last_refused_at
    if refused is not None and (heard is None or refused > heard):
        sentence = _(
            "The latest call event did not prove itself. The authentication and the signing secret in Mustalinja have"
            " to be those of the company's Mustalinja settings. Then fetch the missing calls."
        )
        return Light(title=title, state="broken", sentence=sentence, at=refused)
    if heard is None:
        sentence = _(
            "No call event has ever come. Check that the webhook address of the Mustalinja settings is entered in"
            " Mustalinja, and have a test call made."
        )
        return Light(title=title, state="waiting", sentence=sentence)
    if heard < timezone.now() - SILENT_AFTER:
        sentence = _("Nothing has come for days. If calls were made, check the webhook in Mustalinja and fetch them.")
        return Light(title=title, state="broken", sentence=sentence, at=heard)
    return Light(title=title, state="ok", sentence=_("Call events arrive."), at=heard)


def authorizations_light(connections: list[PipedriveConnection]) -> Light:
    """How many of the people's authorizations at Pipedrive work. Each one's own is told beside the person."""
    title = _("Pipedrive authorizations")
    checked_at = max((each.checked_at for each in connections), default=None)
    if not connections:
        sentence = _("Nobody has connected Pipedrive. Each user does it on the Integrations page.")
        return Light(title=title, state="todo", sentence=sentence)
    if any(each.state == States.ACCOUNT_CLOSED for each in connections):
        sentence = _("Pipedrive says that the account is not open. The customer settles that with Pipedrive.")
        return Light(title=title, state="broken", sentence=sentence, at=checked_at)
    if dead := sum(each.state == States.REAUTHORIZE for each in connections):
        sentence = ngettext(
            "%(count)d user has to press “Reconnect Pipedrive” on the Integrations page.",
            "%(count)d users have to press “Reconnect Pipedrive” on the Integrations page.",
            dead,
        )
        return Light(title=title, state="broken", sentence=sentence % {"count": dead}, at=checked_at)
    sentence = ngettext("%(count)d user is connected.", "%(count)d users are connected.", len(connections)) % {
        "count": len(connections)
    }
    return Light(title=title, state="ok", sentence=sentence, at=checked_at)


def queue_light(*, due_at: datetime.datetime | None) -> Light:
    """Whether the company's calls get their turn.

    Args:
        due_at: when the turn of the oldest pending call is or was; None without one.
    """
    title = _("Queue")
    if due_at is None:
        return Light(title=title, state="ok", sentence=_("No call waits for its turn."))
    if due_at < timezone.now() - DELAYED_AFTER:
        sentence = _(
            "A call's turn came long ago. Check on the desk that a worker is alive; if one is, tell the administrator."
        )
        return Light(title=title, state="broken", sentence=sentence, at=due_at)
    return Light(title=title, state="ok", sentence=_("Calls are being processed."), at=due_at)


def books_light(*, days_off: int) -> Light:
    """Whether every received call is accounted for."""
    title = _("Books")
    if not days_off:
        sentence = _("Every call received in the last 35 days is accounted for.")
        return Light(title=title, state="ok", sentence=sentence)
    sentence = ngettext(
        "%(count)d day does not balance: a call is missing. Open “Calls by day” and make the lost call again.",
        "%(count)d days do not balance: calls are missing. Open “Calls by day” and make the lost calls again.",
        days_off,
    )
    return Light(title=title, state="broken", sentence=sentence % {"count": days_off})
