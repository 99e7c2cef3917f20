"""Sending calls once more in Django admin: the reason first, then a page that shows how far they are."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.asking_why import ReasonForm, ask, is_answered
from calls.models import Call, Resend
from calls.resending import MOST_AT_ONCE, progress_of, resend
from integrations.admin import ReadOnlyMixin


def ask_and_resend(model_admin: Any, request: HttpRequest, calls: "QuerySet[Call]") -> HttpResponse:
    """The page in between, and then the one of the resend."""
    form = ReasonForm(request.POST if is_answered(request) else None)
    if not form.is_valid():
        says = _(
            "The calls are queued once more, whatever became of them. Logged and private ones are left alone, and"
            " of more than %(most)d calls the first ones are taken."
        ) % {"most": MOST_AT_ONCE}
        return ask(model_admin, request, calls, form=form, title=_("Try again"), explanation=says)
    resent = resend(calls, request=request, reason=form.cleaned_data["reason"])
    return redirect("admin:calls_resend_change", resent.pk)


@admin.register(Resend)
class ResendAdmin(ReadOnlyMixin, admin.ModelAdmin[Resend]):
    """Its page renews itself as long as a call is on its way."""

    list_display = ("at", "by", "count", "reason")
    list_select_related = ("by",)
    fields = ("at", "by", "reason", "count")
    date_hierarchy = "at"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        resent = self.get_object(request, object_id)
        progress = progress_of(resent) if resent is not None else None
        return super().change_view(request, object_id, form_url, {"progress": progress, **(extra_context or {})})
