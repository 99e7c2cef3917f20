"""Numbers in Django admin: masked until somebody of the staff says why they need them, then shown for a while."""

import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit import name_of, record
from accounts.audit_entry import Action
from calls.masking import masked, masked_text
from integrations.phone_numbers import for_display

SHOWN_FOR = datetime.timedelta(minutes=15)
REVEALED = "revealed"
"""Where a session keeps, by row, until when its numbers are shown."""


class ReasonForm(forms.Form):
    """Why the numbers are needed."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("It goes into the log that the company's admin can read. Write no names or numbers."),
    )


def is_revealed(request: HttpRequest, row: Model) -> bool:
    """Whether this session may see the numbers of a row now."""
    until: float = request.session.get(REVEALED, {}).get(name_of(row._meta.model, row.pk), 0)
    return until > timezone.now().timestamp()


def reveal(request: HttpRequest, row: Model, *, reason: str) -> None:
    """Show the numbers of a row to this session for 15 minutes, and write down why."""
    now = timezone.now()
    kept = {name: until for name, until in request.session.get(REVEALED, {}).items() if until > now.timestamp()}
    request.session[REVEALED] = {**kept, name_of(row._meta.model, row.pk): (now + SHOWN_FOR).timestamp()}
    record(action=Action.REVEALED, request=request, subject=row, reason=reason)


class RevealableAdmin(admin.ModelAdmin[Any]):
    """The admin of rows with numbers: masked in the list, and on the page until they are asked for."""

    change_form_template = "admin/revealable.html"

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.shows_numbers = any(is_revealed(request, each) for each in self.revealed_with(row))
        return row

    def revealed_with(self, row: Any) -> list[Model]:
        """The rows of which one that is revealed shows the numbers of this one."""
        return [row]

    def number_of(self, row: Any, number: str, *, typed: str = "") -> str:
        """A number in E.164 of a row, as it may be seen now.

        Args:
            typed: what is shown where there is none in E.164, such as a short number.
        """
        if not number.startswith("+"):
            return self.text_of(row, number or typed)
        return for_display(number) if getattr(row, "shows_numbers", False) else masked(number)

    def text_of(self, row: Any, text: str) -> str:
        """A text of a row, in which numbers may stand, as it may be seen now."""
        return text if getattr(row, "shows_numbers", False) else masked_text(text)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reveal_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_reveal"
        return [path("<path:object_id>/reveal/", view, name=name), *super().get_urls()]

    def reveal_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """POST `reason`: show the numbers."""
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            raise Http404
        form = ReasonForm(request.POST)
        if request.method == "POST" and form.is_valid():
            reveal(request, row, reason=form.cleaned_data["reason"])
            messages.success(request, _("The numbers are shown to you for 15 minutes."))
        else:
            messages.error(request, _("Nothing is shown: write why you need the numbers."))
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", row.pk)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        row = kwargs.get("obj")
        if row is not None and not row.shows_numbers:
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_reveal"
            context |= {"reveal_url": reverse(name, args=[row.pk]), "reason_form": ReasonForm(auto_id="reveal_%s")}
        return super().render_change_form(request, context, *args, **kwargs)
