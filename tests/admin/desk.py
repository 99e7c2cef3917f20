"""The people at SaaShop's desk, one of each role."""

from django.contrib.auth.models import Group

from accounts.models import User
from accounts.staff_rights import ADMINISTRATOR, LEAD, SUPPORT
from tests.conftest import PASSWORD

__all__ = ["ADMINISTRATOR", "LEAD", "SUPPORT", "staff_with"]


def staff_with(role: str, *, name: str = "") -> User:
    """Somebody with a role and no other right."""
    email = f"{name or role.replace(' ', '-')}@saashop.example"
    user = User.objects.create_user(email, PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user
