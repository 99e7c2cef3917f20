"""Every deed of staff in Django admin goes into the audit log, and so does opening a page about a person.

`SupportSite` puts this in front of each model's admin, also of those that other packages bring: nobody can forget it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseRedirectBase

from accounts.audit import record, record_each
from accounts.audit_entry import Action
from accounts.belonging import company_id_of, way_to_company
from accounts.changes import Changes, form_changes, named

PERSONAL = {
    "account.emailaddress",
    "accounts.user",
    "calls.call",
    "calls.followup",
    "calls.newperson",
    "calls.numberchoice",
    "calls.ownnumber",
    "calls.webhookdelivery",
    "integrations.pipedriveconnection",
}
"""The tables whose single rows tell of a person: opening one is written down."""
LOGGED_BY_ITSELF = "delete_selected"
"""Django's own action, which says what it deletes in `log_deletions`."""


class AuditedAdmin(admin.ModelAdmin[Any]):
    """Writes down additions, changes, deletions, actions, and which pages about a person were opened."""

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 - Django's
    ) -> Any:
        """Django calls this when everything is saved and before it logs, and nowhere else are all the forms at hand."""
        request.audited = form_changes(form)  # type: ignore[attr-defined]
        for formset in formsets or ():
            _record_rows(request, formset)
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        record(action=Action.CREATED, request=request, subject=obj, changes=_changes_of(request))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        if changes := _changes_of(request):
            record(action=Action.CHANGED, request=request, subject=obj, changes=changes)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        rows = [(row.pk, company_id_of(row)) for row in queryset]
        record_each(action=Action.DELETED, request=request, model=self.model, rows=rows)
        return super().log_deletions(request, queryset)  # type: ignore[arg-type]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        by_themselves = {LOGGED_BY_ITSELF, *getattr(self, "audited_by_deeds", ())}
        return {
            name: (function if name in by_themselves else _recording(name, function), name, description)
            for name, (function, _name, description) in actions.items()
        }

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        row = kwargs.get("obj")
        if request.method == "GET" and row is not None and self.opts.label_lower in PERSONAL:
            record(action=Action.VIEWED, request=request, subject=row)
        return super().render_change_form(request, context, *args, **kwargs)


def audited(admin_class: type[admin.ModelAdmin[Any]]) -> type[admin.ModelAdmin[Any]]:
    """The admin of a model, with the audit log in front of it."""
    if issubclass(admin_class, AuditedAdmin):
        return admin_class
    return type(admin_class.__name__, (AuditedAdmin, admin_class), {"__module__": admin_class.__module__})


def _changes_of(request: HttpRequest) -> Changes:
    changes: Changes = getattr(request, "audited", {})
    return changes


def _record_rows(request: HttpRequest, formset: Any) -> None:
    """The rows that were edited on the page of another row."""
    for row in formset.new_objects:
        record(action=Action.CREATED, request=request, subject=row)
    for row, fields in formset.changed_objects:
        record(action=Action.CHANGED, request=request, subject=row, changes=named(fields))
    for row in formset.deleted_objects:
        record(action=Action.DELETED, request=request, subject=row)


def _recording(name: str, function: Callable[..., Any]) -> Callable[..., HttpResponseBase | None]:
    """An action that is written down when it has been done."""

    def act(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
        way = way_to_company(rows.model)
        chosen = [(row[0], row[-1] if way else None) for row in rows.values_list("pk", *filter(None, [way]))]
        answer: HttpResponseBase | None = function(model_admin, request, rows)
        if _is_done(answer):
            record_each(action=name, request=request, model=rows.model, rows=chosen)
        return answer

    return act


def _is_done(answer: HttpResponseBase | None) -> bool:
    """A page that is shown instead of going on asks something first."""
    is_file = answer is not None and answer.has_header("Content-Disposition")
    return answer is None or is_file or isinstance(answer, HttpResponseRedirectBase)
