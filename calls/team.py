"""The company's people as its admin sees them: whether calls of each can be logged, and why not."""

import datetime
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.models import License, User
from accounts.readable import day_words
from calls.models import Call
from integrations.models import PipedriveConnection


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """One person and the state of each link.

    Attributes:
        state: `ok` when everything works, else `todo`.
        latest_call: the start of the latest call that was known to be this person's.
        is_email_confirmed: the address with which the person logs in.
    """

    person: User
    name: str
    license_sentence: str
    is_licensed: bool
    pipedrive_sentence: str
    pipedrive_email: str
    aliases: list[str]
    latest_call: datetime.datetime | None
    is_email_confirmed: bool
    state: str

    @property
    def email(self) -> str:
        return self.person.email


def colleagues_of(admin: User) -> list[Colleague]:
    """Everybody of the admin's company, by email; of deactivated people those who hold a seat."""
    return people_of(admin.company_id) if admin.company_id is not None else []


def people_of(company_id: int, *, at_most: int | None = None) -> list[Colleague]:
    """The same of a company, and no more than so many. Three queries."""
    latest = Call.objects.filter(company=OuterRef("company"), rep=OuterRef("pk")).order_by("-started_at", "-id")
    in_force = License.objects.valid().filter(company=company_id)
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True)
    people: QuerySet[User] = (
        User.objects.filter(company=company_id)
        .filter(Q(is_active=True) | Exists(in_force.filter(holder=OuterRef("pk"))))
        .select_related("pipedrive_connection__account")
        .prefetch_related(
            Prefetch("licenses", License.objects.filter(company=company_id), to_attr="held"),
            "email_aliases",
        )
        .annotate(latest_call=Subquery(latest.values("started_at")[:1]), is_email_confirmed=Exists(confirmed))
    )
    return [_colleague(person) for person in people[:at_most]]


def _colleague(person: User) -> Colleague:
    connection: PipedriveConnection | None = getattr(person, "pipedrive_connection", None)
    held: list[License] = vars(person)["held"]
    licenses = [license_ for license_ in held if license_.state == License.State.IN_USE]
    works = person.is_active and connection is not None and connection.is_live and not connection.is_deactivated
    return Colleague(
        person=person,
        name=connection.name if connection else "",
        license_sentence=_license_sentence(licenses) if licenses else _no_license_sentence(held),
        is_licensed=bool(licenses),
        pipedrive_sentence=_pipedrive_sentence(connection) if person.is_active else "–",
        pipedrive_email=connection.email if connection else "",
        aliases=[alias.email for alias in person.email_aliases.all() if alias.company_id == person.company_id],
        latest_call=vars(person)["latest_call"],
        is_email_confirmed=vars(person)["is_email_confirmed"],
        state="ok" if works and licenses else "todo",
    )


def _license_sentence(licenses: list[License]) -> str:
    ends = [license_.valid_until for license_ in licenses if license_.valid_until is not None]
    if len(ends) < len(licenses):
        return _("Active")
    return _("Active until %(day)s") % {"day": day_words(max(ends))}


def _no_license_sentence(held: list[License]) -> str:
    if any(license_.state == License.State.SUSPENDED for license_ in held):
        return _("Suspended by SaaShop")
    return _("No valid license")


def _pipedrive_sentence(connection: PipedriveConnection | None) -> str:
    if connection is None:
        return _("Not connected. This person has to connect Pipedrive on the Integrations page.")
    if connection.is_deactivated:
        return _("Deactivated in Pipedrive: %(company)s") % {"company": connection.account.name}
    if not connection.is_live:
        return _("Must be connected again by this person.")
    return _("Connected: %(company)s") % {"company": connection.account.name}
