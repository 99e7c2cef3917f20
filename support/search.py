"""The one search box: whatever a customer reads out, and what of ours it names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.license import CODE_GROUP_LENGTH, CODE_GROUPS
from accounts.licenses import normalize_code
from accounts.models import Company, EmailAlias, Invitation, License, User
from accounts.readable import moment_words
from calls.finding import calls_named
from calls.masking import masked
from calls.models import Call, OwnNumber
from integrations.models import PipedriveAccount, PipedriveConnection
from integrations.phone_numbers import read_dialled
from support.rights import may_see

SHOWN_AT_MOST = 20
LARGEST_ID = 2**63 - 1
SHORTEST_WORD = 2


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something that was found.

    Attributes:
        about: what tells it from others of its kind.
    """

    title: str
    about: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What was found of one kind; `more` where that is not all."""

    title: Promise | str
    hits: list[Hit]
    more: bool


def search(request: HttpRequest, typed: str) -> list[Kind]:
    """What a text names, by kind: only what the reader may see."""
    text = " ".join(typed.replace("\0", "").split())
    if len(text) < SHORTEST_WORD:
        return []
    kinds = []
    for model, title, find in FINDERS:
        if may_see(request, model) and (hits := list(find(text))):
            kinds.append(Kind(title=title, hits=hits[:SHOWN_AT_MOST], more=len(hits) > SHOWN_AT_MOST))
    return kinds


def company_url(company_id: int) -> str:
    """The one page of a company."""
    return reverse("admin:support_company", args=[company_id])


def call_url(call: Call) -> str:
    """The page of a call, with its story."""
    return reverse("admin:calls_call_change", args=[call.pk])


def _companies(text: str) -> Iterator[Hit]:
    """By name, in SQLite's sense of upper and lower case and in Python's, which knows Ä; by Pipedrive
    company; by a number of their own people.
    """
    accounts = Q(name__icontains=text) | Q(domain__icontains=text)
    if text.isdecimal() and int(text) <= LARGEST_ID:
        accounts |= Q(pipedrive_company_id=int(text))
    of_pipedrive = Q(pk__in=PipedriveAccount.objects.filter(accounts).values("company"))
    names = Q(name__icontains=text) | Q(name__icontains=text.lower()) | Q(name__icontains=text.capitalize())
    number = read_dialled(text)
    own = OwnNumber.objects.filter(number=number.e164 if number else "").exclude(number="").values("company")
    companies = Company.objects.filter(names | of_pipedrive | Q(pk__in=own))
    found = _some(companies.prefetch_related("pipedrive_accounts"))
    for company in found:
        accounts_of = [f"{each.name} {each.domain}".strip() for each in company.pipedrive_accounts.all()]
        state = [_("suspended")] if company.is_suspended else []
        about = ", ".join([*state, *(f"Pipedrive: {names}" for names in accounts_of if names)])
        yield Hit(title=company.name, about=about, url=company_url(company.pk))


def _people(text: str) -> Iterator[Hit]:
    """By any of their email addresses, here, in Pipedrive and in Mustalinja, and by name."""
    if text[0] in "+(" or text.replace(" ", "").isdecimal():
        return
    addresses = (
        EmailAddress.objects.filter(email__icontains=text).values("user"),
        PipedriveConnection.objects.filter(Q(email__icontains=text) | Q(name__icontains=text)).values("user"),
        EmailAlias.objects.filter(email__icontains=text).values("person"),
    )
    by_address = [Q(pk__in=of) for of in addresses]
    named = Q(email__icontains=text) | Q(first_name__icontains=text) | Q(last_name__icontains=text)
    people = User.objects.filter(Q(named, *by_address, _connector=Q.OR)).select_related("company")
    for person in _some(people):
        company = str(person.company or _("no company"))
        about = company if person.is_active else f"{company}, {_('deactivated')}"
        yield Hit(title=person.email, about=about, url=reverse("admin:accounts_user_change", args=[person.pk]))


def _invited(text: str) -> Iterator[Hit]:
    """People who have been invited and have not come yet."""
    if "@" in text:
        for invitation in _some(Invitation.objects.filter(email__icontains=text).select_related("company")):
            about = f"{invitation.company}, {moment_words(invitation.created_at)}"
            yield Hit(title=invitation.email, about=about, url=company_url(invitation.company_id))


def _licenses(text: str) -> Iterator[Hit]:
    """By the whole code, however it is spelled."""
    code = normalize_code(text)
    if len(code) == CODE_GROUPS * (CODE_GROUP_LENGTH + 1) - 1:
        for license_ in License.objects.filter(code=code).select_related("company", "holder"):
            about = ", ".join(str(each) for each in (license_.company, license_.holder) if each)
            url = reverse("admin:accounts_license_change", args=[license_.pk])
            yield Hit(title=license_.code, about=about, url=url)


def _calls(text: str) -> Iterator[Hit]:
    """By support code, the customer's number in any spelling, or Mustalinja's id; the latest first."""
    for call in _some(calls_named(Call.objects.all(), text).select_related("company").order_by("-started_at", "-id")):
        number = masked(call.customer_number or call.customer_number_typed)
        told = (moment_words(call.started_at), call.company.name, call.rep_email, number, call.get_status_display())
        yield Hit(title=call.support_code, about=", ".join(word for word in told if word), url=call_url(call))


def _some(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """One more than is shown, which tells that there are more."""
    return rows[: SHOWN_AT_MOST + 1]


FINDERS: tuple[tuple[type[models.Model], Promise | str, Callable[[str], Iterator[Hit]]], ...] = (
    (Company, gettext_lazy("Companies"), _companies),
    (User, gettext_lazy("People"), _people),
    (Company, gettext_lazy("Invited people"), _invited),
    (License, gettext_lazy("Licenses"), _licenses),
    (Call, gettext_lazy("Calls"), _calls),
)
"""What is searched, and whose list the reader must be allowed to see for it."""
