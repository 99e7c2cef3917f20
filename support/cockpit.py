"""All that support wants to know of a company, in as many queries however many people it has."""

import datetime
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery, Sum
from django.utils import timezone

from accounts.models import Company, Invitation
from calls.books import out_of_balance
from calls.masking import masked
from calls.models import Call, LoggingPolicy
from calls.reasons import Status
from calls.story_lines import STATES
from calls.team import Colleague, people_of
from integrations.models import PipedriveAccount, TokenSpending
from support.license_batches import Batch, batches_of
from support.light import Light
from support.lights import authorizations_light, books_light, mustalinja_lights, queue_light
from support.link_figures import ENDING_WITHIN
from support.models import Note
from support.pipedrive_lights import account_lights
from support.settings_words import settings_in_words
from support.timeline import Deed, timeline_of

PEOPLE_SHOWN, CALLS_SHOWN, NOTES_SHOWN, ACCOUNTS_SHOWN = 100, 20, 20, 3


@dataclass(frozen=True, kw_only=True)
class CallRow:
    """A call of the list.

    Attributes:
        number: the other side's, masked.
        state: the colour of the status.
    """

    call: Call
    number: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Cockpit:
    """The page of one company."""

    company: Company
    accounts: list[PipedriveAccount]
    lights: list[Light]
    batches: list[Batch]
    people: list[Colleague]
    invitations: list[Invitation]
    calls: list[CallRow]
    settings: list[tuple[str, str]]
    notes: list[Note]
    deeds: list[Deed]

    @property
    def has_more_people(self) -> bool:
        """Whether there may be more than are shown."""
        return len(self.people) == PEOPLE_SHOWN

    @property
    def free_seats(self) -> int:
        """Licences that somebody may still redeem."""
        return sum(batch.free for batch in self.batches)


def company_with_links(pk: int) -> Company | None:
    """A company with its link to Mustalinja, its policy, its oldest pending call and the days that do not balance, read
    at once.
    """
    pending = Call.objects.filter(company=OuterRef("pk"), status=Status.PENDING).order_by("next_attempt_at")
    off = out_of_balance().filter(company=OuterRef("pk")).order_by().values("company").annotate(days=Count("pk"))
    read = Company.objects.select_related("mustalinja", "logging_policy").annotate(
        due_at=Subquery(pending.values("next_attempt_at")[:1]), days_off=Subquery(off.values("days"))
    )
    return read.filter(pk=pk).first()


def cockpit_of(company: Company) -> Cockpit:
    """Read everything; a company as `company_with_links` gives it."""
    policy = getattr(company, "logging_policy", None) or LoggingPolicy(company=company)
    accounts, people = _accounts(company), people_of(company.pk, at_most=PEOPLE_SHOWN)
    return Cockpit(
        company=company,
        accounts=accounts,
        lights=_lights(company, accounts, people, policy),
        batches=batches_of(company, ending_within=ENDING_WITHIN),
        people=people,
        invitations=list(Invitation.objects.in_force().filter(company=company)[:PEOPLE_SHOWN]),
        calls=_calls(company),
        settings=settings_in_words(company, policy),
        notes=list(Note.objects.filter(company=company).select_related("author")[:NOTES_SHOWN]),
        deeds=timeline_of(company),
    )


def _accounts(company: Company) -> list[PipedriveAccount]:
    """With the tokens that each has spent today, by UTC."""
    today = timezone.now().astimezone(datetime.UTC).date()
    spending = TokenSpending.objects.filter(account=OuterRef("pk"), day=today).order_by().values("account")
    read = PipedriveAccount.objects.filter(company=company).select_related("contact_index")
    spent = Subquery(spending.annotate(sum=Sum("tokens")).values("sum"))
    return list(read.annotate(tokens_today=spent)[:ACCOUNTS_SHOWN])


def _lights(
    company: Company, accounts: list[PipedriveAccount], people: list[Colleague], policy: LoggingPolicy
) -> list[Light]:
    found = (getattr(each.person, "pipedrive_connection", None) for each in people)
    connections = [connection for connection in found if connection is not None]
    lights = [*mustalinja_lights(company), authorizations_light(connections)]
    for account in accounts:
        name = str(account) if len(accounts) > 1 else ""
        lights += account_lights(account, connections, policy, name=name)
    lights.append(queue_light(due_at=vars(company)["due_at"]))
    lights.append(books_light(days_off=vars(company)["days_off"] or 0))
    return lights


def _calls(company: Company) -> list[CallRow]:
    latest = Call.objects.filter(company=company).order_by("-started_at", "-id").select_related("rep")
    return [
        CallRow(
            call=call,
            number=masked(call.customer_number or call.customer_number_typed),
            state=STATES[Status(call.status)],
        )
        for call in latest[:CALLS_SHOWN]
    ]
