"""Filters of the admin by what is wrong with a link."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.troubles import cannot_be_read, has_fallen_silent, has_few_tokens, is_left_alone, is_refused


class TroubleFilter(admin.SimpleListFilter):
    """One choice for each trouble."""

    title = _("trouble")
    parameter_name = "trouble"
    troubles: ClassVar[Mapping[str, tuple[Promise | str, Callable[[], Q]]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, words) for name, (words, _condition) in self.troubles.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.troubles.get(self.value() or "")
        return queryset.filter(chosen[1]()) if chosen else queryset


class MustalinjaTroubleFilter(TroubleFilter):
    troubles: ClassVar = {
        "refused": (_("call events are refused"), is_refused),
        "silent": (_("not heard for days"), has_fallen_silent),
    }


class PipedriveTroubleFilter(TroubleFilter):
    troubles: ClassVar = {
        "paused": (_("left alone now"), is_left_alone),
        "unreadable": (_("persons cannot be read"), cannot_be_read),
        "tokens": (_("few tokens left today"), has_few_tokens),
    }
