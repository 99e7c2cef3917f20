"""Who may open a page."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from accounts.models import User


def person(request: HttpRequest) -> User:
    """The logged-in person of a request that only logged-in people reach."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class PeopleOnlyMixin(LoginRequiredMixin):
    """A page for whoever is logged in; others are asked to log in first."""

    request: HttpRequest

    @property
    def person(self) -> User:
        return person(self.request)


class CompanyAdminMixin(PeopleOnlyMixin):
    """A page for company admins; a rep is told who can open it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not person(request).manages_company:
            raise PermissionDenied(_("Only your company's admin can open this page."))
        return super().dispatch(request, *args, **kwargs)


class EveryonesCallsMixin(PeopleOnlyMixin):
    """A page about the calls of all colleagues, for those who may see them."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not person(request).sees_all_calls:
            raise PermissionDenied(_("Only people who may see everyone's calls can open this page."))
        return super().dispatch(request, *args, **kwargs)
