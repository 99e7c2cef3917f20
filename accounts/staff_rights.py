"""What one of SaaShop's staff may change of an account: nobody's own rights grow by it."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import User

SUPPORT, LEAD, ADMINISTRATOR = "support", "support lead", "administrator"
"""The roles of staff: names of Django's groups. What each may do is said in support/roles.py."""
MANAGE_PEOPLE, MANAGE_STAFF = "accounts.manage_user", "accounts.manage_staff"
DELETE_PEOPLE = "accounts.delete_user"

LOGIN_AND_RIGHTS = ("email", "is_active", "company", "is_company_admin", "sees_all_calls")
STAFFS_RIGHTS = ("is_staff", "groups")
ALL_RIGHTS = ("is_superuser", "user_permissions")


def may_manage(actor: User | AnonymousUser, person: User) -> bool:
    """Whether an account is open to an actor at all: staff's to administrators only, a superuser's to superusers."""
    if person.is_superuser:
        return actor.is_superuser
    return not person.is_staff or actor.has_perm(MANAGE_STAFF)


def may_be_deleted(actor: User | AnonymousUser, person: User) -> bool:
    """Whether an account is staff's alone and open to the actor; customers are erased instead (support/erasure.py)."""
    return person.is_staff and person.company_id is None and may_manage(actor, person)


def manageable_by(actor: User | AnonymousUser) -> QuerySet[User]:
    """The accounts of which `may_manage` is true."""
    if actor.is_superuser:
        return User.objects.all()
    people = User.objects.filter(is_superuser=False)
    return people if actor.has_perm(MANAGE_STAFF) else people.filter(is_staff=False)


def locked_fields(actor: User | AnonymousUser) -> tuple[str, ...]:
    """The fields of an account that an actor sees and cannot change."""
    return (
        *(() if actor.has_perm(MANAGE_PEOPLE) else LOGIN_AND_RIGHTS),
        *(() if actor.has_perm(MANAGE_STAFF) else STAFFS_RIGHTS),
        *(() if actor.is_superuser else ALL_RIGHTS),
    )
