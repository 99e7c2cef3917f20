"""Licences in Django admin. Nothing is changed by hand: each deed asks for its reason."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import license_deeds
from accounts.asking_why import ReasonForm, ask, is_answered
from accounts.audit import record
from accounts.audit_entry import Action
from accounts.code_mails import mail_codes_to
from accounts.license_deeds import SHOWN_CODES, DeedRefusedError, Why
from accounts.license_forms import AddressForm, HeirForm, IssueForm, LastDayForm
from accounts.models import License, Order

Deed = Callable[..., int]


class StateFilter(admin.SimpleListFilter):
    """By what a license is good for today."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(License.State.choices)

    def queryset(self, request: HttpRequest, queryset: "QuerySet[License]") -> "QuerySet[License]":
        valid = License.objects.valid()
        conditions = {
            License.State.FREE: Q(pk__in=valid.free().values("pk")),
            License.State.IN_USE: Q(pk__in=valid.filter(holder__isnull=False).values("pk")),
            License.State.ENDED: Q(valid_until__lt=timezone.localdate(), suspended_at=None, revoked_at=None),
            License.State.SUSPENDED: Q(suspended_at__isnull=False),
            License.State.REVOKED: Q(revoked_at__isnull=False),
        }
        chosen = next((state for state in conditions if state == self.value()), None)
        return queryset.filter(conditions[chosen]) if chosen else queryset


@admin.register(License)
class LicenseAdmin(admin.ModelAdmin[License]):
    list_display = ("code", "company", "holder", "state", "valid_until", "is_trial", "order", "redeemed_at")
    list_filter = (StateFilter, ("holder", admin.EmptyFieldListFilter), "is_trial", "valid_until")
    list_select_related = ("company", "holder", "order")
    search_fields = ("code", "company__name", "holder__email", "order__number")
    autocomplete_fields = ("company",)
    fields = (
        "code",
        "company",
        "holder",
        "state",
        "valid_until",
        "is_trial",
        "suspended_at",
        "revoked_at",
        "order",
        "redeemed_at",
        "created_at",
    )
    readonly_fields = fields
    list_per_page = 50
    date_hierarchy = "created_at"
    audited_by_deeds = ("suspend", "resume", "revoke", "set_last_day", "hand_over", "release", "mail_codes")
    """These actions write themselves down, with the reason (support/audited_admin.py)."""
    actions = (*audited_by_deeds, "print_codes")

    class Media:
        css: ClassVar = {"all": ["css/admin_licenses.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A license is revoked, which leaves a trace."""
        return False

    def get_urls(self) -> list[URLPattern]:
        shown = self.admin_site.admin_view(self.codes_view)
        return [path("codes/", shown, name="accounts_license_codes"), *super().get_urls()]

    @admin.display(description=gettext_lazy("state"))
    def state(self, license_: License) -> str:
        return str(license_.state.label)

    @admin.action(description=gettext_lazy("Suspend"), permissions=["change"])
    def suspend(self, request: HttpRequest, licenses: "QuerySet[License]") -> HttpResponse | None:
        says = _("The calls of their holders are kept but not logged until the licenses are resumed.")
        return self._ask(request, licenses, license_deeds.suspend, title=_("Suspend"), explanation=says)

    @admin.action(description=gettext_lazy("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, licenses: "QuerySet[License]") -> HttpResponse | None:
        says = _("The calls that have waited for at most 30 days are logged then.")
        return self._ask(request, licenses, license_deeds.resume, title=_("Resume"), explanation=says)

    @admin.action(description=gettext_lazy("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, licenses: "QuerySet[License]") -> HttpResponse | None:
        says = _("Their holders cannot use them any more. This cannot be undone: new licenses would have to be issued.")
        return self._ask(request, licenses, license_deeds.revoke, title=_("Revoke"), explanation=says)

    @admin.action(description=gettext_lazy("Release"), permissions=["change"])
    def release(self, request: HttpRequest, licenses: "QuerySet[License]") -> HttpResponse | None:
        says = _("They are taken from their holders and get new codes. Anybody with a new code can use it.")
        return self._ask(request, licenses, license_deeds.release, title=_("Release"), explanation=says)

    @admin.action(description=gettext_lazy("Change the last day"), permissions=["change"])
    def set_last_day(self, request: HttpRequest, licenses: "QuerySet[License]") -> HttpResponse | None:
        form = LastDayForm(request.POST if is_answered(request) else None)
        if not form.is_valid():
            return ask(self, request, licenses, form=form, title=_("Change the last day"))
        why = Why(reason=form.cleaned_data["reason"], request=request)
        self._tell(request, license_deeds.set_last_day(licenses, day=form.cleaned_data["last_day"], why=why))
        return None

    @admin.action(description=gettext_lazy("Hand over to a colleague"), permissions=["change"])
    def hand_over(self, request: HttpRequest, licenses: "QuerySet[License]") -> HttpResponse | None:
        if licenses.count() != 1:
            self.message_user(request, _("Choose one license to hand over."), messages.ERROR)
            return None
        license_ = licenses.get()
        form = HeirForm(request.POST if is_answered(request) else None, license_=license_)
        if not form.is_valid():
            return ask(self, request, licenses, form=form, title=_("Hand over"))
        why = Why(reason=form.cleaned_data["reason"], request=request)
        try:
            license_deeds.hand_over(license_, heir=form.cleaned_data["heir"], why=why)
        except DeedRefusedError as refusal:
            form.add_error("heir", str(refusal))
            return ask(self, request, licenses, form=form, title=_("Hand over"))
        self._tell(request, 1)
        return None

    @admin.action(description=gettext_lazy("Mail the codes"), permissions=["change"])
    def mail_codes(self, request: HttpRequest, licenses: "QuerySet[License]") -> HttpResponse | None:
        """Those of one company, of free licences in force."""
        form = AddressForm(request.POST if is_answered(request) else None)
        free = self._free_ones(licenses)
        if len({license_.company_id for license_ in free}) != 1:
            self.message_user(request, _("Choose free licenses of one company."), messages.ERROR)
            return None
        if not form.is_valid():
            return ask(self, request, licenses, form=form, title=_("Mail the codes"))
        self._mail(request, free, email=form.cleaned_data["email"], reason=form.cleaned_data["reason"])
        return None

    @admin.action(description=gettext_lazy("Print the codes"), permissions=["change"])
    def print_codes(self, request: HttpRequest, licenses: "QuerySet[License]") -> HttpResponse:
        request.session[SHOWN_CODES] = list(licenses.order_by("company", "pk").values_list("pk", flat=True))
        return redirect("admin:accounts_license_codes")

    def codes_view(self, request: HttpRequest) -> HttpResponse:
        """The codes that were issued or chosen last, to be printed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen = License.objects.filter(pk__in=request.session.get(SHOWN_CODES, []))
        licenses = chosen.select_related("company").order_by("company__name", "pk")
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("License codes")}
        context |= {"licenses": licenses, "sign_up_url": f"{settings.SITE_URL}{reverse('account_signup')}"}
        return TemplateResponse(request, "admin/accounts/license/codes.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With a button for each deed below."""
        deeds = self.get_action_choices(request, default_choices=[])
        return super().change_view(request, object_id, form_url, {"deeds": deeds, **(extra_context or {})})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A batch of new licenses, whose codes are shown then."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = IssueForm(request.POST or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            self._issue(request, form)
            return redirect("admin:accounts_license_codes")
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("Issue licenses")}
        return TemplateResponse(request, "admin/accounts/license/issue.html", context | {"form": form})

    def _issue(self, request: HttpRequest, form: IssueForm) -> None:
        fields = form.cleaned_data
        company, email, reason = fields["company"], fields["email"], fields["reason"]
        issued = license_deeds.issue(
            company,
            seats=fields["seats"],
            valid_until=fields["valid_until"],
            is_trial=fields["is_trial"],
            why=Why(reason=reason, request=request),
        )
        if email:
            self._mail(request, issued, email=email, reason=reason)
        request.session[SHOWN_CODES] = [license_.pk for license_ in issued]

    def _ask(
        self,
        request: HttpRequest,
        licenses: "QuerySet[License]",
        deed: Deed,
        *,
        title: str,
        explanation: str,
    ) -> HttpResponse | None:
        form: forms.Form = ReasonForm(request.POST if is_answered(request) else None)
        if not form.is_valid():
            return ask(self, request, licenses, form=form, title=title, explanation=explanation)
        self._tell(request, deed(licenses, why=Why(reason=form.cleaned_data["reason"], request=request)))
        return None

    def _tell(self, request: HttpRequest, count: int) -> None:
        text = ngettext("%d license was changed.", "%d licenses were changed.", count) % count
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)

    def _free_ones(self, licenses: "QuerySet[License]") -> list[License]:
        free = License.objects.valid().free().filter(pk__in=licenses.values("pk"))
        return list(free.select_related("company").order_by("pk"))

    def _mail(self, request: HttpRequest, licenses: Sequence[License], *, email: str, reason: str) -> None:
        company = licenses[0].company
        with transaction.atomic():
            mail_codes_to(email, company=company, licenses=licenses)
            changes = {"licenses": [license_.pk for license_ in licenses]}
            record(
                action=Action.MAILED,
                request=request,
                company=company,
                subject=company,
                changes=changes,
                reason=reason,
            )
        text = ngettext(
            "%(count)d code is mailed to %(email)s.", "%(count)d codes are mailed to %(email)s.", len(licenses)
        )
        self.message_user(request, text % {"count": len(licenses), "email": email}, messages.SUCCESS)


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin[Order]):
    """What the web shop has ordered. Nothing of it is changed by hand."""

    list_display = ("number", "kind", "company", "seats", "valid_until", "received_at")
    list_filter = ("kind",)
    list_select_related = ("company",)
    search_fields = ("number", "company__name")
    date_hierarchy = "received_at"
    fields = readonly_fields = ("number", "kind", "company", "seats", "valid_until", "received_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same order sent again would be carried out again."""
        return False
