"""In which language a person reads: the one of their account, else the browser's."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.views.i18n import LANGUAGE_QUERY_PARAMETER, set_language

from accounts.models import User


class PersonLanguageMiddleware:
    """Shows the portal to a logged-in person in the language of their account, whatever the browser asks for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        speak_to(request, request.user)
        return self.get_response(request)


def speak_to(request: HttpRequest, user: object) -> None:
    """Go on in a person's language, if they have chosen one."""
    if isinstance(user, User) and user.language:
        translation.activate(user.language)
        request.LANGUAGE_CODE = translation.get_language()


def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Django's switch, which keeps the choice in the browser; of a logged-in person, their account keeps it, too."""
    response = set_language(request)
    chosen = request.POST.get(LANGUAGE_QUERY_PARAMETER)
    if isinstance(request.user, User) and chosen in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    return response
