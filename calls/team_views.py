"""The team page: seats, people, and those whom Mustalinja knows and we do not."""

from typing import Any, cast

from django.views.generic import TemplateView

from accounts.access import CompanyAdminMixin
from accounts.models import Company, Invitation
from accounts.seats import seats_of
from accounts.team_forms import InviteForm
from calls.team import Colleague, colleagues_of
from calls.unknown_reps import UnknownRep, unknown_reps, without_calls
from integrations.mustalinja_link import mustalinja_account_of
from integrations.mustalinja_users import emails_known


class TeamView(CompanyAdminMixin, TemplateView):
    """The company's people, and for each whether calls can be logged."""

    template_name = "calls/team.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        company = cast("Company", self.person.company)
        invitations = list(Invitation.objects.in_force().filter(company=company))
        people = colleagues_of(self.person)
        return super().get_context_data(
            seats=seats_of(company),
            people=people,
            unknown=self._unknown(company, people),
            invitations=invitations,
            invited={invitation.email for invitation in invitations},
            form=InviteForm(),
            **kwargs,
        )

    def _unknown(self, company: Company, people: list[Colleague]) -> list[UnknownRep]:
        """Those with waiting calls first, then the others that Mustalinja knows."""
        waiting = unknown_reps(company)
        account = mustalinja_account_of(self.person)
        known = emails_known(account) if account is not None else None
        taken = {email for each in people for email in (each.email, each.pipedrive_email, *each.aliases)}
        return waiting + without_calls(known=known or frozenset(), taken=taken | {each.email for each in waiting})
