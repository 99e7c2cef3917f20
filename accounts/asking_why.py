"""An action of Django admin with a page in between, which asks why and whatever else is needed.

The page sends the changelist's own form once more: a selection across all pages stays one field, however many rows it
has.
"""

from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

SHOWN = 20


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=_("The company's admin can read it in their log. Name no customers' phone numbers in it."),
    )


def is_answered(request: HttpRequest) -> bool:
    """Whether this is the page in between that is sent, and not the list."""
    return "answered" in request.POST


def ask(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    rows: "QuerySet[Any]",
    *,
    form: forms.Form,
    title: str,
    explanation: str = "",
) -> HttpResponse:
    """The page in between.

    Args:
        explanation: what will happen, in a sentence.
    """
    selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
    is_across = request.POST.get("select_across") == "1"
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.model._meta,
        "title": title,
        "explanation": explanation,
        "form": form,
        "count": rows.count(),
        "rows": rows[:SHOWN],
        "action": request.POST.get("action", ""),
        "select_across": "1" if is_across else "0",
        "checkbox": ACTION_CHECKBOX_NAME,
        "selected": selected[:1] if is_across else selected,
    }
    return TemplateResponse(request, "admin/ask_why.html", context)
