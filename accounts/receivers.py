"""What allauth tells: somebody has shown an authenticator, or set one up."""

from typing import Any

from allauth.mfa.signals import authenticator_added, authenticator_reset, authenticator_used
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.second_step import SESSION_KEY, remember_second_step


@receiver([authenticator_used, authenticator_added])
def note_second_step(request: HttpRequest, authenticator: Any, **_kwargs: Any) -> None:
    remember_second_step(request.session, authenticator)


@receiver(authenticator_reset)
def note_new_recovery_codes(request: HttpRequest, authenticator: Any, **_kwargs: Any) -> None:
    """Who logged in with a recovery code and makes new codes must not lose the session with the old ones. Making codes
    proves nothing by itself: who has not passed the second step has not with them.
    """
    if SESSION_KEY in request.session:
        remember_second_step(request.session, authenticator)
