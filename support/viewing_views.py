"""Beginning and ending a view of the portal as a customer."""

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from support.forms import ReasonForm
from support.viewing import begin, end, may_view


def begin_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then show the portal as the person.

    Raises:
        PermissionDenied: not for this reader, or not as this person.
    """
    person = get_object_or_404(User.objects.select_related("company"), pk=pk)
    if not may_view(request.user, person):
        raise PermissionDenied(_("The portal can be viewed only as an active person of a company."))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        begin(request, person, reason=form.cleaned_data["reason"])
        return redirect("integrations:overview")
    context = {
        **site.each_context(request),
        "title": _("View the portal as a customer"),
        "person": person,
        "form": form,
    }
    return TemplateResponse(request, "support/view_as.html", context)


@require_POST
def end_view(request: HttpRequest) -> HttpResponse:
    """Be oneself again, on the person's page."""
    pk = end(request)
    return redirect("admin:index") if pk is None else redirect("admin:accounts_user_change", pk)
