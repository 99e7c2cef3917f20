"""Who of a company looks after its people and settings, and who sees everyone's calls."""

from accounts.models import Company, User
from accounts.seats import changing_team_of


class LastAdminError(Exception):
    """A company keeps one admin at least: nobody else could appoint another."""


def set_rights(person: User, *, is_company_admin: bool, sees_all_calls: bool) -> None:
    """Give a person of a company these two rights and take the others.

    Raises:
        LastAdminError: nobody would be left to look after the company.
    """
    if person.company_id is None:
        return
    with changing_team_of(person.company_id):
        admins = User.objects.filter(company=person.company_id, is_company_admin=True, is_active=True)
        if not is_company_admin and not admins.exclude(pk=person.pk).exists():
            raise LastAdminError
        User.objects.filter(pk=person.pk, company=person.company_id).update(
            is_company_admin=is_company_admin, sees_all_calls=sees_all_calls
        )
    person.is_company_admin, person.sees_all_calls = is_company_admin, sees_all_calls


def is_last_admin(person: User) -> bool:
    """Whether active colleagues would be left without an admin, were it not for this person."""
    colleagues = User.objects.colleagues_of(person).filter(is_active=True).exclude(pk=person.pk)
    return person.manages_company and colleagues.exists() and not colleagues.filter(is_company_admin=True).exists()


def let_the_next_one_manage(company_id: int, *, after: User) -> None:
    """When nobody but this person, who leaves, is active in a company, whoever comes next is its admin, as the first
    one was.
    """
    if not User.objects.filter(company=company_id, is_active=True).exclude(pk=after.pk).exists():
        Company.objects.filter(pk=company_id).update(admin_appointed_at=None)


def who_sees_calls_of(person: User) -> list[str]:
    """The emails of the colleagues who may see a person's calls."""
    colleagues = User.objects.colleagues_of(person).filter(sees_all_calls=True, is_active=True).exclude(pk=person.pk)
    return list(colleagues.values_list("email", flat=True))
