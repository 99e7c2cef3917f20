"""The words in which the story of a call is told; calls/story_lines.py puts them together."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from calls.models import CallStep, WebhookDelivery
from calls.reasons import Reason

Kind = CallStep.Kind

RECEIVED: dict[str, Promise] = {
    WebhookDelivery.Source.WEBHOOK: _("Mustalinja told us that the call had ended."),
    WebhookDelivery.Source.BACKFILL: _("We fetched the call from Mustalinja's list, because it had not arrived."),
}

KIND_OF_CALL: dict[str, Promise] = {
    "in_answered": _("It is an incoming call that was answered and lasted %(duration)s."),
    "in_missed": _("It is an incoming call that was not answered."),
    "out_answered": _("It is an outgoing call that was answered and lasted %(duration)s."),
    "out_unanswered": _("It is an outgoing call that was not answered."),
}

RULES: dict[Reason, tuple[Promise, Promise]] = {
    Reason.HIDDEN_NUMBER: (_("The number was shown."), _("The number was hidden.")),
    Reason.SHORT_NUMBER: (_("It is a whole phone number."), _("It is a service or extension number.")),
    Reason.PRIVATE_NUMBER: (_("The number is not private."), _("The call or its number is private.")),
    Reason.INTERNAL_CALL: (_("The number is not a colleague's."), _("The number is a colleague's.")),
    Reason.BLOCKED_NUMBER: (
        _("The number is not blocked."),
        _("Your company has blocked the number."),
    ),
    Reason.RULE: (
        _("Your company logs calls of this kind, length and time."),
        _("Your company does not log calls of this kind, length or time."),
    ),
}
"""Each rule in the order in which it is asked, with what is said when it lets a call pass and when it stops it."""

GATES: dict[Reason, tuple[Promise, Promise]] = {
    Reason.COMPANY_SUSPENDED: (
        _("Your company's subscription is in force."),
        _("Your company's subscription is suspended."),
    ),
    Reason.UNKNOWN_REP: (_("The user is registered here."), _("Nobody is registered with the email in Mustalinja.")),
    Reason.NO_LICENSE: (_("The user has a valid license."), _("The user has no valid license.")),
    Reason.PIPEDRIVE_NOT_CONNECTED: (_("The user has connected Pipedrive."), _("Pipedrive is not connected.")),
    Reason.PIPEDRIVE_REAUTHORIZE: (
        _("Pipedrive accepts the user's authorization."),
        _("Pipedrive no longer accepts the user's authorization."),
    ),
    Reason.PIPEDRIVE_ACCOUNT_CLOSED: (_("The Pipedrive account is open."), _("The Pipedrive account is not open.")),
}
"""What else has to be in order before a call can be logged, in this order."""

WHOSE: dict[str, Promise] = {
    "email": _("It is %(rep)s's call: that is the email Mustalinja names."),
    "pipedrive": _("It is %(rep)s's call: Mustalinja names %(named)s, which is the email in Pipedrive."),
    "alias": _("It is %(rep)s's call: Mustalinja names %(named)s, which belongs to the same person."),
}

LOOKED: dict[str, Promise] = {
    "index": _("We looked for %(number)s among the numbers of all contacts in Pipedrive."),
    "search": _("The contacts are not all read yet, so we had Pipedrive search for %(number)s."),
    "own_eyes": _(
        "The contacts are read as a colleague, who sees none with %(number)s, so we asked Pipedrive as this user."
    ),
    "reading": _("The contacts in Pipedrive are being read. After that we look for %(number)s."),
}

NOBODY = _("No contact has this number.")
ONE: dict[str, Promise] = {
    "only": _("The number belongs to %(name)s."),
    "chosen": _("The number belongs to %(name)s, who has been chosen for it."),
    "created": _("No contact had the number, so a new person was created in Pipedrive."),
}
SEVERAL: dict[str, Promise] = {
    "": ngettext_lazy("%(count)d contact has this number.", "%(count)d contacts have this number.", "count"),
    "chosen": _("%(count)d contacts have this number; %(name)s has been chosen for it."),
    "own": _("%(count)d contacts have this number; %(name)s is the rep's own contact."),
    "latest": _("%(count)d contacts have this number; %(name)s was updated last."),
}
REJECTED = ngettext_lazy(
    "%(count)d hit of the search was left out, because its number is another one.",
    "%(count)d hits of the search were left out, because their number is another one.",
    "count",
)
NEW_PERSON: dict[str, Promise] = {
    "created_before": _("A person was created for this number before and has since been deleted or changed."),
    "refused": _("Pipedrive did not let a person be created."),
}

SENT = _("The activity was sent to Pipedrive.")
ANSWERED: dict[str, Promise] = {
    "": _("Pipedrive created the activity."),
    "found": _("We looked for the activity in Pipedrive, and it is there."),
}
NOT_THERE = _("We looked for the activity in Pipedrive, and it is not there yet.")
TROUBLE: dict[str, Promise] = {
    "TryLaterError": _("Pipedrive could not be reached."),
    "RateLimitedError": _("Pipedrive asked us to wait."),
    "HeldBackError": _("So many of your company's calls are on their way that this one has to wait a moment."),
    "BlockedError": _("Pipedrive's network asked us to wait."),
    "RefusedError": _("Pipedrive refused."),
    "NotFoundError": _("Pipedrive does not show the user this contact."),
    "AccountClosedError": _("Pipedrive says that your company's account is not open."),
    "UnauthorizedError": _("Pipedrive did not accept the user's authorization."),
    "GrantDiedError": _("Pipedrive no longer accepts the user's authorization."),
    "OutcomeUnknownError": _("Pipedrive gave no clear answer."),
    "connector": _("Something went wrong in the connector."),
}
"""What Pipedrive answered, by the error that it became (integrations/errors.py)."""

ACTS: dict[str, Promise] = {
    Kind.CHOSEN: _("%(who)s chose the person for this number."),
    Kind.AGAIN: _("%(who)s had the call tried again."),
    Kind.ANYWAY: _("%(who)s wanted this call to be logged, whatever the rules say."),
    Kind.PERSON: _("%(who)s wanted a new person for this number."),
    Kind.PRIVATE: _("%(who)s marked the call private."),
    Kind.PLANNED: _("The rep's planned call with this person was marked as done in Pipedrive."),
    Kind.TASK: _("A follow-up task was created in Pipedrive: call the customer back."),
    Kind.TASK_DONE: _("Somebody has spoken with the customer since, so the follow-up task was marked as done."),
    Kind.TASK_LEFT: _("Somebody had done or deleted the follow-up task in Pipedrive, so it was left alone."),
    Kind.TASK_GONE: _("The call is private, so the follow-up task was deleted from Pipedrive."),
}
"""What people have done with a call, and the portal because of it."""
