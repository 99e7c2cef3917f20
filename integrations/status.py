"""Every link's state as it is now, in the reader's words, and the one next step."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.licenses import has_valid_license, subscription_end
from accounts.models import License, User
from integrations.connections import check
from integrations.models import MustalinjaAccount, PipedriveConnection
from integrations.mustalinja_link import check_credentials, mustalinja_account_of

CHECK_AGAIN_AFTER = datetime.timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button."""

    label: str
    url: str
    method: str = "get"
    kind: str = "primary"


@dataclass(frozen=True, kw_only=True)
class Link:
    """One thing that must work before calls are logged.

    Attributes:
        state: `ok`, `todo` (never done), `broken` (worked once) or `waiting` (up to somebody else).
    """

    key: str
    title: str
    state: str
    sentence: str
    details: list[tuple[str, str]] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)

    @property
    def action(self) -> Action | None:
        return self.actions[0] if self.actions else None


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """Whether a person's licence is in force, and until when."""

    active: bool
    until: datetime.date | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Overview:
    """All that the Integrations page says."""

    company: str | None
    subscription: Subscription
    links: list[Link]

    @property
    def next_step(self) -> Link | None:
        """The first thing that this person can do or has to wait for; None when everything works."""
        unfinished = [link for link in self.links if link.state != "ok"]
        return next((link for link in unfinished if link.actions), next(iter(unfinished), None))


def overview_of(user: User) -> Overview:
    """Look at every link of a person; what was last checked more than five minutes ago is checked now."""
    return Overview(
        company=user.company.name if user.company else None,
        subscription=subscription_of(user),
        links=list(_links(user)),
    )


def subscription_of(user: User) -> Subscription:
    if user.company is not None and user.company.is_suspended:
        sentence = _("Your company's subscription is suspended. Contact SaaShop's support.")
        return Subscription(active=False, until=None, sentence=sentence)
    if has_valid_license(user=user):
        until = subscription_end(user=user)
        sentence = _("Active until %(day)s.") % {"day": _day(until)} if until else _("Active for the time being.")
        return Subscription(active=True, until=until, sentence=sentence)
    return Subscription(active=False, until=None, sentence=_("Not active."))


def _links(user: User) -> Iterator[Link]:
    yield _license(user)
    yield _pipedrive(user)
    account = mustalinja_account_of(user)
    yield _mustalinja(user, account)
    yield _webhook(user, account)


def _license(user: User) -> Link:
    title = _("License")
    enter = Action(label=_("Enter a license code"), url=reverse("accounts:license"))
    subscription = subscription_of(user)
    if subscription.active:
        return Link(key="license", title=title, state="ok", sentence=subscription.sentence)
    if user.company is not None and user.company.is_suspended:
        return Link(key="license", title=title, state="waiting", sentence=subscription.sentence)
    if License.objects.filter(holder=user).exists():
        sentence = _("Your license has ended. Your calls are kept and will be logged once you enter a new code.")
        return Link(key="license", title=title, state="broken", sentence=sentence, actions=[enter])
    sentence = _("You have no license yet. Enter the code you got from your company or SaaShop.")
    return Link(key="license", title=title, state="todo", sentence=sentence, actions=[enter])


def _pipedrive(user: User) -> Link:
    connection = PipedriveConnection.objects.filter(user=user).select_related("account").first()
    if connection is None:
        return _no_pipedrive(user)
    if connection.checked_at < timezone.now() - CHECK_AGAIN_AFTER:
        check(connection)
    details = [
        (_("Pipedrive company"), connection.account.name),
        (_("Connected as"), f"{connection.name} ({connection.email})"),
        (_("Role in Pipedrive"), capfirst(_("admin") if connection.is_admin else _("user"))),
    ]
    cut = Action(label=_("Disconnect"), url=reverse("integrations:pipedrive_disconnect"), method="post", kind="danger")
    states = PipedriveConnection.State
    if connection.state == states.REAUTHORIZE:
        state, actions = "broken", [_connect_action(_("Reconnect Pipedrive")), cut]
        sentence = _(
            "Pipedrive no longer accepts the authorization. Reconnect; the calls kept meanwhile are then logged."
        )
    elif connection.state == states.ACCOUNT_CLOSED:
        state, actions = "waiting", [cut]
        sentence = _("Pipedrive says that your company's account is not open. Your calls are kept until it is again.")
    else:
        other_company = _company_hint(user, connection)
        state = "waiting" if other_company else "ok"
        actions = [_connect_action(_("Reconnect Pipedrive"), kind="secondary"), cut]
        sentence = _("Your calls are logged to Pipedrive.")
        hints = [hint for hint in (other_company, _email_hint(user, connection)) if hint]
        details += [(_("Please note"), hint) for hint in hints]
    return Link(key="pipedrive", title="Pipedrive", state=state, sentence=sentence, details=details, actions=actions)


def _no_pipedrive(user: User) -> Link:
    actions: list[Action] = []
    if user.company is None:
        sentence = _("Enter your license code first.")
    elif not settings.PIPEDRIVE_CLIENT_ID:
        sentence = _("Connecting Pipedrive is not set up on this server. Contact SaaShop's support.")
    else:
        sentence = _("Allow the connector to log your calls to Pipedrive.")
        actions = [_connect_action(_("Connect Pipedrive"))]
    state = "todo" if actions else "waiting"
    return Link(key="pipedrive", title="Pipedrive", state=state, sentence=sentence, actions=actions)


def _connect_action(label: str, *, kind: str = "primary") -> Action:
    return Action(label=label, url=reverse("integrations:pipedrive_connect"), method="post", kind=kind)


def _email_hint(user: User, connection: PipedriveConnection) -> str:
    if connection.email in ("", user.email):
        return ""
    return _(
        "Your email here is %(here)s and in Pipedrive %(there)s. Calls are yours when Mustalinja knows you by either."
    ) % {"here": user.email, "there": connection.email}


def _company_hint(user: User, connection: PipedriveConnection) -> str:
    others = PipedriveConnection.objects.filter(user__company=user.company).exclude(account=connection.account)
    if not others.exists():
        return ""
    return _(
        "Some of your colleagues are connected to another Pipedrive company. Check that you are logged in to the"
        " right one."
    )


def _mustalinja(user: User, account: MustalinjaAccount | None) -> Link:
    title = _("Mustalinja credentials")
    enter = Action(label=_("Enter Mustalinja credentials"), url=reverse("integrations:mustalinja"))
    if account is None:
        if user.manages_company:
            sentence = _("Enter the API credentials that Mustalinja gave your company.")
            return Link(key="mustalinja", title=title, state="todo", sentence=sentence, actions=[enter])
        sentence = _("Your company's admin has to enter the Mustalinja credentials.")
        return Link(key="mustalinja", title=title, state="waiting", sentence=sentence)
    if account.credentials_checked_at and account.credentials_checked_at < timezone.now() - CHECK_AGAIN_AFTER:
        check_credentials(account)
    if account.credentials_accepted is False:
        sentence = _("Mustalinja does not accept the credentials any more. The company's admin has to enter new ones.")
        actions = [enter] if user.manages_company else []
        return Link(key="mustalinja", title=title, state="broken", sentence=sentence, actions=actions)
    sentence = (
        _("Mustalinja accepts your company's credentials.")
        if account.credentials_accepted
        else _("Your company's credentials are saved.")
    )
    actions = [_mustalinja_settings()] if user.manages_company else []
    return Link(key="mustalinja", title=title, state="ok", sentence=sentence, actions=actions)


def _mustalinja_settings() -> Action:
    return Action(label=_("Mustalinja settings"), url=reverse("integrations:mustalinja"), kind="secondary")


def _webhook(user: User, account: MustalinjaAccount | None) -> Link:
    title = _("Calls from Mustalinja")
    if account is None:
        sentence = _("Calls arrive once the Mustalinja credentials have been entered.")
        return Link(key="webhook", title=title, state="waiting", sentence=sentence)
    if account.last_refused_at and (account.last_heard_at is None or account.last_refused_at > account.last_heard_at):
        sentence = _(
            "The latest call event was refused, because Mustalinja did not prove itself as agreed. The company's admin"
            " has to check the authentication and the signing secret."
        )
        actions = [_mustalinja_settings()] if user.manages_company else []
        return Link(key="webhook", title=title, state="broken", sentence=sentence, actions=actions)
    if account.last_heard_at is None:
        sentence = _("No call has arrived yet. Make a test call with your own phone.")
        return Link(key="webhook", title=title, state="waiting", sentence=sentence)
    heard = timezone.localtime(account.last_heard_at)
    sentence = _("The latest call event arrived on %(day)s at %(time)s.") % {
        "day": _day(heard),
        "time": date_format(heard, pgettext("time", "H:i")),
    }
    return Link(key="webhook", title=title, state="ok", sentence=sentence)


def _day(day: datetime.date) -> str:
    """As the pages write a day: Django's own short form for English is the American one."""
    return date_format(day, pgettext("date", "j M Y"))
