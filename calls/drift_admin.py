"""What Mustalinja sends and we do not know, in Django admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from calls.models import Drift
from integrations.admin import ReadOnlyMixin


@admin.register(Drift)
class DriftAdmin(ReadOnlyMixin, admin.ModelAdmin[Drift]):
    """New ones are an alarm until somebody marks them as known."""

    list_display = ("what", "company", "count", "first_seen", "last_seen", "known_since")
    list_filter = (("known_since", admin.EmptyFieldListFilter), "last_seen")
    list_select_related = ("company",)
    search_fields = ("what", "company__name")
    fields = ("what", "company", "count", "first_seen", "last_seen", "known_since")
    actions = ("mark_as_known",)

    @admin.action(description=_("Mark as known"), permissions=["mend"])
    def mark_as_known(self, request: HttpRequest, drifts: "QuerySet[Drift]") -> Any:
        """They are counted on, and are no alarm any more."""
        count = drifts.filter(known_since=None).update(known_since=timezone.now())
        text = ngettext("%d is marked as known.", "%d are marked as known.", count)
        self.message_user(request, text % count, messages.SUCCESS)
