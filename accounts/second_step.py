"""The second step of logging in: whether the session at hand has passed it. Staff's sessions have to."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

SESSION_KEY = "second_step"
"""In a session: the authenticator with which its person passed the second step, or which they set up in it."""
KNOWN = "_has_second_step"


def remember_second_step(session: SessionBase, authenticator: Any) -> None:
    """Note in a session that its person has just shown this authenticator."""
    session[SESSION_KEY] = authenticator.pk


def has_second_step(request: HttpRequest) -> bool:
    """Whether this session passed the second step, by an authenticator that its person still has. The database is asked
    once a request.
    """
    known: bool | None = getattr(request, KNOWN, None)
    if known is None:
        pk = request.session.get(SESSION_KEY)
        known = pk is not None and Authenticator.objects.filter(pk=pk, user=request.user.pk).exists()
        setattr(request, KNOWN, known)
    return known


def lacks_second_step(request: HttpRequest) -> bool:
    """Whether this session did not pass the second step though its person has one: it was opened before that was set
    up elsewhere, or with one that is gone.
    """
    return not has_second_step(request) and Authenticator.objects.filter(user=request.user.pk).exists()


def is_staff_session(request: HttpRequest) -> bool:
    """Whether staff's rights count in this session: active staff, with both steps."""
    user = request.user
    return user.is_active and user.is_staff and has_second_step(request)
