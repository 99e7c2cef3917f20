"""The page behind the unsubscribe link of a mail: no login, one click."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts.models import Letter, User
from accounts.unsubscribing import gets, unsubscribe, whose_mails


@method_decorator(csrf_exempt, name="dispatch")
class UnsubscribeView(View):
    """GET asks, since programs that look for viruses open links, too; POST, by its button or by the mail program
    itself (RFC 8058), does it. The link is the permission, so that there is no cookie to forge a request with.
    """

    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        person, kind = _whose(token)
        return _page(request, person, kind, is_done=not gets(person, kind))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        person, kind = _whose(token)
        unsubscribe(person, kind)
        return _page(request, person, kind, is_done=True)


def _whose(token: str) -> tuple[User, Letter.Kind]:
    found = whose_mails(token)
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, person: User, kind: Letter.Kind, *, is_done: bool) -> HttpResponse:
    context: dict[str, Any] = {"email": person.email, "is_digest": kind == Letter.Kind.DIGEST, "is_done": is_done}
    return render(request, "accounts/unsubscribe.html", context)
