"""Messages of libraries that our people see and that the libraries' own Finnish lacks or says badly.

`makemessages` finds them here, so they have a place in our catalogue, which wins over the libraries'.
"""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext

ALLAUTH = [
    _("Please type your current password."),
    _("This email address is already associated with this account."),
    _("Your primary email address must be verified."),
    _("Be patient, you are sending too many requests."),
]
TWO_STEPS = [
    _("Use authenticator app or code"),
    _("Use your password"),
    _("Incorrect code."),
    _("Authenticator code"),
    _("You cannot add an email address to an account protected by two-factor authentication."),
    _("You cannot activate two-factor authentication until you have verified your email address."),
]
PASSWORDS = [
    _("Your password can’t be too similar to your other personal information."),
    _("Your password can’t be a commonly used password."),
    _("Your password can’t be entirely numeric."),
]
ADMIN = [
    _("MFA"),
    _("Model name"),
    _("Add link"),
    _("Change or view list link"),
]
QUEUE = [
    _("Failed task"),
    _("Failed tasks"),
    _("Queued task"),
    _("Queued tasks"),
    _("Scheduled task"),
    _("Scheduled tasks"),
    _("Successful task"),
    _("Successful tasks"),
]


def shortest_password(count: int) -> list[str]:
    """Django's two sentences on the length of a password."""
    return [
        ngettext(
            "This password is too short. It must contain at least %d character.",
            "This password is too short. It must contain at least %d characters.",
            count,
        ),
        ngettext(
            "Your password must contain at least %(min_length)d character.",
            "Your password must contain at least %(min_length)d characters.",
            count,
        ),
    ]
