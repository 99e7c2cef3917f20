"""The status and reason of a call: the words of the API, and one sentence each for people."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """Every call is in exactly one; received = the sum of all five."""

    PENDING = "pending", _("being processed")
    LOGGED = "logged", _("logged")
    WAITING = "waiting", _("waiting")
    SKIPPED = "skipped", _("skipped")
    FAILED = "failed", _("failed")


class Reason(models.TextChoices):
    """Why a call is in its status."""

    QUEUED = "queued", _("in the queue")
    RETRYING = "retrying", _("will be tried again")
    RATE_LIMITED = "rate_limited", _("Pipedrive asks to wait")
    CONFIRMING = "confirming", _("being checked")
    LOGGED = "logged", _("logged to Pipedrive")
    NO_CONTACT = "no_contact", _("no contact with this number")
    SEVERAL_CONTACTS = "several_contacts", _("several contacts with this number")
    UNKNOWN_REP = "unknown_rep", _("nobody registered with this email")
    NO_LICENSE = "no_license", _("no valid license")
    COMPANY_SUSPENDED = "company_suspended", _("subscription suspended")
    PIPEDRIVE_NOT_CONNECTED = "pipedrive_not_connected", _("Pipedrive not connected")
    PIPEDRIVE_REAUTHORIZE = "pipedrive_reauthorize", _("Pipedrive must be reconnected")
    PIPEDRIVE_ACCOUNT_CLOSED = "pipedrive_account_closed", _("Pipedrive account not open")
    ACTIVITY_TYPE_MISSING = "activity_type_missing", _("activity type missing")
    HIDDEN_NUMBER = "hidden_number", _("hidden number")
    INTERNAL_CALL = "internal_call", _("internal call")
    BLOCKED_NUMBER = "blocked_number", _("blocked number")
    PRIVATE_NUMBER = "private_number", _("private number")
    SHORT_NUMBER = "short_number", _("short number")
    RULE = "rule", _("not logged by the company's rules")
    PIPEDRIVE_REFUSED = "pipedrive_refused", _("refused by Pipedrive")
    EXPIRED = "expired", _("waited for 30 days")
    ERROR = "error", _("error in the connector")


class Rule(models.TextChoices):
    """Which rule a skipped call (`Reason.RULE`) fell under: the call's `detail`."""

    KIND = "kind", _("kind of call")
    TOO_SHORT = "too_short", _("shortest talk time")
    WORKING_HOURS = "working_hours", _("working hours")
    OF_REP = "of_rep", _("the rep's own choice")


REASONS_OF: dict[Status, frozenset[Reason]] = {
    Status.PENDING: frozenset({Reason.QUEUED, Reason.RETRYING, Reason.RATE_LIMITED, Reason.CONFIRMING}),
    Status.LOGGED: frozenset({Reason.LOGGED}),
    Status.WAITING: frozenset(
        {
            Reason.NO_CONTACT,
            Reason.SEVERAL_CONTACTS,
            Reason.UNKNOWN_REP,
            Reason.NO_LICENSE,
            Reason.COMPANY_SUSPENDED,
            Reason.PIPEDRIVE_NOT_CONNECTED,
            Reason.PIPEDRIVE_REAUTHORIZE,
            Reason.PIPEDRIVE_ACCOUNT_CLOSED,
            Reason.ACTIVITY_TYPE_MISSING,
        }
    ),
    Status.SKIPPED: frozenset(
        {
            Reason.HIDDEN_NUMBER,
            Reason.INTERNAL_CALL,
            Reason.BLOCKED_NUMBER,
            Reason.PRIVATE_NUMBER,
            Reason.SHORT_NUMBER,
            Reason.RULE,
        }
    ),
    Status.FAILED: frozenset({Reason.PIPEDRIVE_REFUSED, Reason.EXPIRED, Reason.ERROR}),
}
"""Which reasons a status can have; also a constraint of the database."""

STATUS_OF: dict[Reason, Status] = {reason: status for status, reasons in REASONS_OF.items() for reason in reasons}
"""The one status that each reason belongs to."""

EXPLANATIONS: dict[Reason, Promise] = {
    Reason.QUEUED: _("The call is on its way to Pipedrive."),
    Reason.RETRYING: _("Pipedrive could not be reached; the call will be tried again shortly."),
    Reason.RATE_LIMITED: _("Pipedrive asks us to slow down; the call will be logged a little later."),
    Reason.CONFIRMING: _("Pipedrive did not confirm the activity; we are checking before we send it again."),
    Reason.LOGGED: _("The call is logged to Pipedrive."),
    Reason.NO_CONTACT: _(
        "Nobody in Pipedrive has this number. Add it to a person there, and the call will be logged by itself."
    ),
    Reason.SEVERAL_CONTACTS: _("Several people in Pipedrive have this number. Choose the right one."),
    Reason.UNKNOWN_REP: _(
        "Nobody in your company is registered here with the email that Mustalinja has for this user. Register with that"
        " email, or correct it in Mustalinja."
    ),
    Reason.NO_LICENSE: _(
        "The user's license is not valid. The License page tells why and takes a new code. Then the call is logged."
    ),
    Reason.COMPANY_SUSPENDED: _("Your company's subscription is suspended. Contact SaaShop's support."),
    Reason.PIPEDRIVE_NOT_CONNECTED: _(
        "The user has not connected Pipedrive. Connect it on the Integrations page, and the call will be logged."
    ),
    Reason.PIPEDRIVE_REAUTHORIZE: _(
        "Pipedrive no longer accepts the user's authorization. Reconnect Pipedrive on the Integrations page."
    ),
    Reason.PIPEDRIVE_ACCOUNT_CLOSED: _(
        "Your company's Pipedrive account is not open. The call will be logged once it is."
    ),
    Reason.ACTIVITY_TYPE_MISSING: _(
        "Pipedrive has no active activity type for calls. Activate it there or choose another in the company's"
        " settings."
    ),
    Reason.HIDDEN_NUMBER: _("The caller hid the number, so there is nobody to log the call to."),
    Reason.INTERNAL_CALL: _("This is a call between colleagues."),
    Reason.BLOCKED_NUMBER: _("Your company does not log calls with this number."),
    Reason.PRIVATE_NUMBER: _("The user has marked this call or its number as private. The number is deleted here."),
    Reason.SHORT_NUMBER: _("This is a service or extension number, not a contact's number."),
    Reason.RULE: _(
        "Calls of this kind, or this short, are not logged: the company or the user has chosen so in the settings."
    ),
    Reason.PIPEDRIVE_REFUSED: _(
        "Pipedrive refused the activity. Most often the user may not see this contact there: have your Pipedrive admin"
        " give access, then ask SaaShop's support to send the call again."
    ),
    Reason.EXPIRED: _("The call could not be logged within 30 days and is no longer tried."),
    Reason.ERROR: _("Something went wrong in the connector. Contact SaaShop's support; they can send the call again."),
}

OF_PRIVATE_CALLS: dict[Status, Promise] = {
    Status.PENDING: _("The user has marked this call as private. Its activity is being deleted from Pipedrive."),
    Status.WAITING: _(
        "The user has marked this call as private. Its activity will be deleted when the user connects Pipedrive again"
        " on the Integrations page."
    ),
    Status.FAILED: _(
        "The user has marked this call as private, but Pipedrive does not let us delete its activity. Delete it in"
        " Pipedrive; then press the button on the call's page once more."
    ),
    Status.SKIPPED: EXPLANATIONS[Reason.PRIVATE_NUMBER],
}
"""How far the deletion of a private call has come, where that says more than the reason. No private call is logged."""

RULE_EXPLANATIONS: dict[str, Promise] = {
    Rule.KIND: _("Your company does not log calls of this kind."),
    Rule.TOO_SHORT: _("Your company does not log calls this short."),
    Rule.WORKING_HOURS: _("Your company does not log calls outside its working hours."),
    Rule.OF_REP: _("The user has chosen not to log calls of this kind."),
}
"""The sentence of a call that was skipped by a rule, where it is known by which."""


def explanation_of(reason: Reason, detail: str) -> str:
    """What became of a call and why, in one sentence of the reader's language."""
    if reason == Reason.RULE and detail in RULE_EXPLANATIONS:
        return str(RULE_EXPLANATIONS[detail])
    return str(EXPLANATIONS[reason])
