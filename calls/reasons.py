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
    Reason.NO_LICENSE: _("The user's license is not valid. Enter a new license code, and the call will be logged."),
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
    Reason.PRIVATE_NUMBER: _("The user has marked this number as private."),
    Reason.SHORT_NUMBER: _("This is a service or extension number, not a contact's number."),
    Reason.RULE: _("Your company does not log calls of this kind or this short."),
    Reason.PIPEDRIVE_REFUSED: _("Pipedrive refused the activity. Contact SaaShop's support; they can send it again."),
    Reason.EXPIRED: _("The call could not be logged within 30 days and is no longer tried."),
    Reason.ERROR: _("Something went wrong in the connector. Contact SaaShop's support; they can send the call again."),
}
