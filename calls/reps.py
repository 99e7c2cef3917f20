"""Whose call it is: the person of the company whose email Mustalinja names."""

from collections.abc import Collection

from accounts.models import Company, EmailAlias, User
from calls.compiled import Select
from integrations.models import PipedriveConnection

_registered = Select(User, where=("email", "company_id"), columns=("id", "is_active"))
"""Who nearly everybody's calls are of: asked one by one this is quicker than one question that Django compiles."""


def find_rep(*, company: Company, email: str) -> User | None:
    """The person registered with an email, or whose alias it is, or connected to the Pipedrive user with that email;
    case is ignored.

    The email in Mustalinja equals the one in Pipedrive, which may differ from the one somebody signed up with. Where it
    does not, the company's admin says whose it is.
    """
    rep_id = find_rep_ids({(company.pk, email)}).get((company.pk, email))
    return User.objects.filter(pk=rep_id).first() if rep_id else None


def find_rep_ids(wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """The primary keys of `find_rep`'s people, by company and email, of those there are."""
    found = {(company_id, email): _find_rep_id(company_id, email) for company_id, email in wanted if email}
    return {each: pk for each, pk in found.items() if pk is not None}


def _find_rep_id(company_id: int, email: str) -> int | None:
    pk, is_active = _registered.columns_of(email, company_id) or (0, False)
    if is_active:
        return pk
    people = User.objects.filter(company_id=company_id, is_active=True)
    aliases = EmailAlias.objects.filter(company=company_id, email=email, person__in=people)
    if (person_id := aliases.values_list("person_id", flat=True).first()) is not None:
        return person_id
    return PipedriveConnection.objects.filter(user__in=people, email=email).values_list("user_id", flat=True).first()
