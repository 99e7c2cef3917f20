"""What Django tells: somebody logs out, and a view of the portal as a customer ends with the session."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from support.viewing import end


@receiver(user_logged_out)
def end_view_with_session(request: HttpRequest, **_kwargs: Any) -> None:
    end(request)
