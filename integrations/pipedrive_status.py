"""The state of a person's connection to Pipedrive, in the reader's words."""

from django.conf import settings
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import User
from integrations.chain import Chain
from integrations.links import Action, Link
from integrations.models import PipedriveConnection
from integrations.pause_texts import pause_sentence
from integrations.pauses import pause_seen

WORTH_TELLING_SECONDS = 10.0
"""A shorter pause is over before anybody has read of it."""


def link_to_pipedrive(chain: Chain) -> Link:
    """A person's connection as it was when it was last checked."""
    connection = chain.connection
    if connection is None:
        return _no_pipedrive(chain.user)
    details = [
        (_("Pipedrive company"), connection.account.name),
        (_("Connected as"), f"{connection.name} ({connection.email})"),
        (_("Role in Pipedrive"), capfirst(_("admin") if connection.is_admin else _("user"))),
    ]
    cut = Action(label=_("Disconnect"), url=reverse("integrations:pipedrive_disconnect"), method="post", kind="danger")
    states = PipedriveConnection.State
    if connection.state == states.REAUTHORIZE or not connection.refresh_token:
        state, actions = "broken", [_connect_action(_("Reconnect Pipedrive")), cut]
        sentence = _(
            "Pipedrive no longer accepts the authorization. Reconnect; the calls kept meanwhile are then logged."
        )
    elif connection.state == states.ACCOUNT_CLOSED:
        state, actions = "waiting", [cut]
        sentence = _("Pipedrive says that your company's account is not open. Your calls are kept until it is again.")
    elif connection.is_deactivated:
        state, actions = "waiting", [cut]
        sentence = _("Your user is deactivated in Pipedrive. Ask your Pipedrive admin to activate it again.")
    elif (pause := pause_seen(connection)) is not None and pause.seconds >= WORTH_TELLING_SECONDS:
        state, actions = "waiting", [cut]
        sentence = pause_sentence(pause)
    else:
        other_company = _company_hint(chain)
        state = "waiting" if other_company else "ok"
        actions = [_test_action(), _connect_action(_("Reconnect Pipedrive"), kind="secondary"), cut]
        sentence = _("Your calls are logged to Pipedrive.")
        hints = [hint for hint in (other_company, _email_hint(chain.user, connection), _type_hint(connection)) if hint]
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


def _test_action() -> Action:
    return Action(
        label=_("Test now"),
        url=reverse("integrations:pipedrive_test"),
        method="post",
        kind="secondary",
        about="Pipedrive",
    )


def _email_hint(user: User, connection: PipedriveConnection) -> str:
    if connection.email in ("", user.email):
        return ""
    return _(
        "Your email here is %(here)s and in Pipedrive %(there)s. Calls are yours when Mustalinja knows you by either."
    ) % {"here": user.email, "there": connection.email}


def _type_hint(connection: PipedriveConnection) -> str:
    missing = connection.account.missing_activity_type
    if not missing:
        return ""
    return _(
        "Pipedrive has no active activity type “%(missing)s”, so calls are logged as “call”. The company's admin can"
        " choose another type in the company's settings."
    ) % {"missing": missing}


def _company_hint(chain: Chain) -> str:
    if not chain.has_colleagues_elsewhere:
        return ""
    return _(
        "Some of your colleagues are connected to another Pipedrive company. Check that you are logged in to the"
        " right one."
    )
