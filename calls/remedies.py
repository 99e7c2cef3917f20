"""What to do about a call now, for whoever reads its page: advice in a sentence, and the buttons that mend it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from calls.mending import may_be_tried, may_get_new_person
from calls.models import Call
from calls.reasons import Reason, Rule
from integrations.links import Action

SUPPORT = "asiakaspalvelu@saashop.fi"


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """What helps.

    Attributes:
        advice: what the reader can do, or who can; empty where the explanation of the call says it already.
        actions: the buttons, the most helpful first.
    """

    advice: str = ""
    actions: list[Action] = field(default_factory=list)


def remedy_of(call: Call, reader: User) -> Remedy:
    """What a reader can do about a call, by its reason."""
    if call.reason not in Reason.values:
        return Remedy()
    return _REMEDIES.get(Reason(call.reason), _none)(call, reader)


def _none(_call: Call, _reader: User) -> Remedy:
    return Remedy()


def _pending(call: Call, reader: User) -> Remedy:
    return Remedy(advice=_("You need not do anything: it goes on by itself."), actions=_try(call, reader, _("Try now")))


def _no_contact(call: Call, reader: User) -> Remedy:
    create = _post("calls:create_person", call, _("Create the person in Pipedrive"), kind="secondary")
    again = _try(call, reader, _("Look for it again"))
    advice = _(
        "Has somebody just added the number? Look again. Or create a new person with this number, whose name you can"
        " change in Pipedrive. That costs 15 of your company's Pipedrive tokens, 10 of them for making sure that nobody"
        " has the number yet."
    )
    return Remedy(advice=advice, actions=[*again, *([create] if may_get_new_person(call) else [])])


def _unknown_rep(call: Call, reader: User) -> Remedy:
    if not call.rep_email:
        return Remedy(advice=_("Mustalinja does not say whose call it is. Add the user's email in Mustalinja."))
    if not reader.manages_company:
        return _ask_admin(reader)
    fields = {"email": call.rep_email}
    invite = Action(label=_("Invite the colleague"), url=reverse("accounts:invite"), method="post", fields=fields)
    team = Action(label=_("Open the team page"), url=reverse("calls:team"), kind="secondary")
    advice = _(
        "Mustalinja names %(email)s. Invite this colleague, or give the address to somebody on the team page whose"
        " other email it is."
    ) % {"email": call.rep_email}
    return Remedy(advice=advice, actions=[invite, team])


def _no_license(call: Call, reader: User) -> Remedy:
    if _is_own(call, reader):
        return Remedy(actions=[Action(label=_("Enter a license code"), url=reverse("accounts:license"))])
    if not reader.manages_company:
        return _ask_rep(call)
    advice = _("%(email)s needs a valid license. The team page shows who has one.") % {"email": _rep(call)}
    return Remedy(advice=advice, actions=[Action(label=_("Open the team page"), url=reverse("calls:team"))])


def _suspended(call: Call, _reader: User) -> Remedy:
    return Remedy(actions=[_support(call)])


def _connect(call: Call, reader: User) -> Remedy:
    if not _is_own(call, reader):
        return _ask_rep(call)
    is_first = call.reason == Reason.PIPEDRIVE_NOT_CONNECTED
    label = _("Connect Pipedrive") if is_first else _("Reconnect Pipedrive")
    return Remedy(actions=[Action(label=label, url=reverse("integrations:pipedrive_connect"), method="post")])


def _account_closed(call: Call, reader: User) -> Remedy:
    advice = _(
        "Your company's Pipedrive admin can open the account again in Pipedrive, under billing. We look every ten"
        " minutes whether it is open."
    )
    if not _is_own(call, reader):
        return Remedy(advice=advice)
    again = Action(
        label=_("It is open: reconnect Pipedrive"), url=reverse("integrations:pipedrive_connect"), method="post"
    )
    return Remedy(advice=advice, actions=[again])


def _activity_type(call: Call, reader: User) -> Remedy:
    again = _try(call, reader, _("Check again now"), kind="secondary")
    if not reader.manages_company:
        remedy = _ask_admin(reader)
        return Remedy(advice=remedy.advice, actions=[*remedy.actions, *again])
    return Remedy(actions=[_settings(_("Choose the activity type")), *again])


def _overruled(call: Call, reader: User) -> Remedy:
    """A rule, from which this one call can be excepted."""
    anyway = _try(call, reader, _("Log this one anyway"))
    if call.reason == Reason.RULE and call.detail == Rule.OF_REP:
        return Remedy(advice="" if anyway else _("Only the user can change that."), actions=anyway)
    if reader.manages_company:
        advice = _("The rule itself is in your company's settings.")
        return Remedy(advice=advice, actions=[*anyway, _settings(_("Open the settings"), kind="secondary")])
    remedy = _ask_admin(reader, kind="secondary")
    return Remedy(advice=remedy.advice, actions=[*anyway, *remedy.actions])


def _nobody_there(_call: Call, _reader: User) -> Remedy:
    return Remedy(advice=_("There is nothing to do about it: without a whole number there is nobody to log it to."))


def _failed(call: Call, reader: User) -> Remedy:
    return Remedy(actions=[*_try(call, reader, _("Try again")), _support(call, kind="secondary")])


def _ask_rep(call: Call) -> Remedy:
    """Only the rep can do it, with their own Pipedrive user or license."""
    rep = _rep(call)
    advice = _("Only %(email)s can do this, on the Integrations page.") % {"email": rep}
    return Remedy(advice=advice, actions=[Action(label=_("Write to the user"), url=_mail(rep))] if rep else [])


def _ask_admin(reader: User, *, kind: str = "primary") -> Remedy:
    """Whom of the company to ask, by email."""
    admins = User.objects.colleagues_of(reader).filter(is_company_admin=True, is_active=True)
    emails = list(admins.values_list("email", flat=True)[:3])
    if not emails:
        return Remedy(advice=_("Only your company's admin can change this."))
    advice = _("Only your company's admin can change this: %(emails)s.") % {"emails": ", ".join(emails)}
    return Remedy(advice=advice, actions=[Action(label=_("Ask the admin"), url=_mail(*emails), kind=kind)])


def _is_own(call: Call, reader: User) -> bool:
    return call.rep_id == reader.pk


def _rep(call: Call) -> str:
    return call.rep.email if call.rep else call.rep_email


def _try(call: Call, reader: User, label: str, *, kind: str = "primary") -> list[Action]:
    return [_post("calls:log_now", call, label, kind=kind)] if may_be_tried(call, reader) else []


def _post(view: str, call: Call, label: str, *, kind: str = "primary") -> Action:
    return Action(label=label, url=reverse(view, args=[call.reference]), method="post", kind=kind)


def _settings(label: str, *, kind: str = "primary") -> Action:
    return Action(label=label, url=reverse("calls:company_settings"), kind=kind)


def _support(call: Call, *, kind: str = "primary") -> Action:
    subject = _("Call %(code)s") % {"code": call.support_code}
    return Action(label=_("Contact support"), url=f"{_mail(SUPPORT)}?subject={quote(subject)}", kind=kind)


def _mail(*emails: str) -> str:
    return f"mailto:{','.join(quote(email, safe='@') for email in emails)}"


_REMEDIES: dict[Reason, Callable[[Call, User], Remedy]] = {
    Reason.QUEUED: _pending,
    Reason.RETRYING: _pending,
    Reason.RATE_LIMITED: _pending,
    Reason.CONFIRMING: _pending,
    Reason.NO_CONTACT: _no_contact,
    Reason.UNKNOWN_REP: _unknown_rep,
    Reason.NO_LICENSE: _no_license,
    Reason.COMPANY_SUSPENDED: _suspended,
    Reason.PIPEDRIVE_NOT_CONNECTED: _connect,
    Reason.PIPEDRIVE_REAUTHORIZE: _connect,
    Reason.PIPEDRIVE_ACCOUNT_CLOSED: _account_closed,
    Reason.ACTIVITY_TYPE_MISSING: _activity_type,
    Reason.HIDDEN_NUMBER: _nobody_there,
    Reason.SHORT_NUMBER: _nobody_there,
    Reason.INTERNAL_CALL: _overruled,
    Reason.BLOCKED_NUMBER: _overruled,
    Reason.RULE: _overruled,
    Reason.PIPEDRIVE_REFUSED: _failed,
    Reason.EXPIRED: _failed,
    Reason.ERROR: _failed,
}
"""Of a logged call, of one that waits for a choice and of a private one the page itself says what can be done."""
