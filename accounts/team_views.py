"""What a company's admin does with its people: invite, give rights, hand seats on, tell whose address is whose."""

from typing import Any, cast

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import FormView

from accounts.access import CompanyAdminMixin
from accounts.aliases import AliasRefusedError, add_alias
from accounts.audit import record
from accounts.audit_entry import Action
from accounts.changes import differences
from accounts.invitations import InvitationRefusedError, invite
from accounts.models import Company, EmailAlias, Invitation, License, User
from accounts.roles import LastAdminError, set_rights
from accounts.seats import (
    NO_FREE_SEAT,
    NoFreeSeatError,
    changing_team_of,
    end_invitation,
    give_seat,
    release_seat,
    seats_of,
)
from accounts.team_forms import AliasForm, InviteForm, ReleaseForm, RightsForm

TEAM = "calls:team"


class _TeamAction(CompanyAdminMixin, View):
    """Something a button does; it leads back to the team page."""

    http_method_names = ("post",)

    @property
    def company(self) -> Company:
        return cast("Company", self.person.company)


class InviteView(_TeamAction):
    """Mail a licence code to somebody."""

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = InviteForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Nobody was invited: write an email address, for example name@company.fi."))
            return redirect(TEAM)
        self._invite(form.cleaned_data["email"])
        return redirect(TEAM)

    def _invite(self, email: str) -> None:
        try:
            invitation = invite(self.company, email=email, by=self.person)
        except InvitationRefusedError as refusal:
            messages.error(self.request, refusal.message)
        else:
            record(action=Action.INVITED, request=self.request, subject=invitation)
            text = _("%(email)s is invited. A seat is kept for 14 days.")
            messages.success(self.request, text % {"email": invitation.email})


class ResendInvitationView(InviteView):
    """Mail the same code once more."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:  # type: ignore[override]
        self._invite(get_object_or_404(Invitation, pk=pk, company=self.company).email)
        return redirect(TEAM)


class WithdrawInvitationView(_TeamAction):
    """Free the seat that was kept; the code in the mail opens nothing any more."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        invitation = get_object_or_404(Invitation, pk=pk, company=self.company)
        with changing_team_of(self.company.pk):
            record(action=Action.INVITATION_WITHDRAWN, request=request, subject=invitation)
            end_invitation(invitation)
        messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": invitation.email})
        return redirect(TEAM)


class _ColleagueMixin(CompanyAdminMixin):
    """A page about one active colleague, or the admin themself."""

    kwargs: dict[str, Any]

    def colleagues(self) -> "QuerySet[User]":
        return User.objects.colleagues_of(self.person).filter(is_active=True)

    @cached_property
    def colleague(self) -> User:
        return get_object_or_404(self.colleagues(), pk=self.kwargs["pk"])


class ColleagueView(_ColleagueMixin, FormView[RightsForm]):
    """A colleague's rights, licence and addresses."""

    template_name = "accounts/colleague.html"
    form_class = RightsForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": self.colleague}

    def form_valid(self, form: RightsForm) -> HttpResponse:
        before = User.objects.get(pk=self.colleague.pk)
        try:
            set_rights(self.colleague, **form.cleaned_data)
        except LastAdminError:
            form.add_error("is_company_admin", _("Your company needs an admin. Make somebody else one first."))
            return self.form_invalid(form)
        if changes := differences(before, self.colleague):
            record(action=Action.RIGHTS, request=self.request, subject=self.colleague, changes=changes)
        messages.success(self.request, _("The rights of %(email)s are saved.") % {"email": self.colleague.email})
        has_stepped_down = self.colleague == self.person and not self.colleague.is_company_admin
        return redirect("integrations:overview" if has_stepped_down else TEAM)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        company = cast("Company", self.person.company)
        return super().get_context_data(
            colleague=self.colleague,
            licenses=License.objects.held_by(self.colleague).valid(),
            seats=seats_of(company),
            aliases=EmailAlias.objects.filter(company=company, person=self.colleague),
            **kwargs,
        )


class ReleaseSeatView(_ColleagueMixin, FormView[ReleaseForm]):
    """Take a colleague's seat back, after asking, and give it to somebody else. The colleague may be deactivated."""

    template_name = "accounts/release_seat.html"
    form_class = ReleaseForm

    def colleagues(self) -> "QuerySet[User]":
        return User.objects.colleagues_of(self.person)

    def get_form_kwargs(self) -> dict[str, Any]:
        held = License.objects.valid().filter(holder=OuterRef("pk"), company=OuterRef("company"))
        heirs = super().colleagues().filter(~Exists(held))
        return {**super().get_form_kwargs(), "heirs": heirs.exclude(pk=self.colleague.pk)}

    def form_valid(self, form: ReleaseForm) -> HttpResponse:
        heir = form.cleaned_data["heir"]
        is_released = release_seat(self.colleague, heir=heir)
        if is_released:
            self._record(heir)
        if not is_released:
            messages.error(self.request, _("%(email)s has no license.") % {"email": self.colleague.email})
        elif heir is not None:
            text = _("The seat of %(email)s belongs to %(heir)s now.")
            messages.success(self.request, text % {"email": self.colleague.email, "heir": heir.email})
        else:
            messages.success(self.request, _("The seat of %(email)s is free.") % {"email": self.colleague.email})
        return redirect(TEAM)

    def _record(self, heir: User | None) -> None:
        record(action=Action.SEAT_RELEASED, request=self.request, subject=self.colleague)
        if heir is not None:
            record(action=Action.SEAT_GIVEN, request=self.request, subject=heir)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(colleague=self.colleague, **kwargs)


class GiveSeatView(_ColleagueMixin, View):
    """Give a free seat to a colleague who has an account."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        try:
            give_seat(self.colleague)
        except NoFreeSeatError:
            messages.error(request, NO_FREE_SEAT)
        else:
            record(action=Action.SEAT_GIVEN, request=request, subject=self.colleague)
            text = _("%(email)s has a license now. Calls that waited for it are logged by themselves.")
            messages.success(request, text % {"email": self.colleague.email})
        return redirect(TEAM)


class AddAliasView(_TeamAction):
    """An address in Mustalinja is a colleague's."""

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = AliasForm(request.POST, admin=self.person)
        if form.is_valid():
            self._add(form.cleaned_data["person"], form.cleaned_data["email"])
        else:
            messages.error(request, _("Nothing was saved: write an email address and choose a colleague."))
        return redirect(TEAM)

    def _add(self, colleague: User, email: str) -> None:
        try:
            alias = add_alias(colleague, email=email)
        except AliasRefusedError as refusal:
            messages.error(self.request, refusal.message)
        else:
            record(action=Action.ALIAS_ADDED, request=self.request, subject=colleague)
            text = _("Calls of %(alias)s are %(email)s's from now on, and so are those that waited for it.")
            messages.success(self.request, text % {"alias": alias.email, "email": colleague.email})


class RemoveAliasView(_TeamAction):
    """An address is nobody's any more; calls that are known already stay whose they are."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        alias = get_object_or_404(EmailAlias, pk=pk, company=self.company)
        record(action=Action.ALIAS_REMOVED, request=request, subject=alias.person)
        alias.delete()
        messages.success(request, _("%(email)s is nobody's alias any more.") % {"email": alias.email})
        return redirect(TEAM)


class DigestView(_TeamAction):
    """Whether the admin gets the weekly email of what could not be logged."""

    def post(self, request: HttpRequest) -> HttpResponseBase:
        before = self.person.gets_digest
        self.person.gets_digest = request.POST.get("wanted") == "yes"
        self.person.save(update_fields=["gets_digest"])
        changes = {"gets_digest": [before, self.person.gets_digest]}
        record(action=Action.OWN_SETTINGS, request=request, subject=self.person, changes=changes)
        return redirect(TEAM)
