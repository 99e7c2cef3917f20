"""Whose call it is: the person of the company whose email Mustalinja names."""

from accounts.models import Company, User
from integrations.models import PipedriveConnection


def find_rep(*, company: Company, email: str) -> User | None:
    """The person registered with an email, or connected to the Pipedrive user with that email; case is ignored.

    The email in Mustalinja equals the one in Pipedrive, which may differ from the one somebody signed up with.
    """
    if not email:
        return None
    people = User.objects.filter(company=company, is_active=True)
    rep = people.filter(email=email).first()
    if rep is not None:
        return rep
    connection = PipedriveConnection.objects.filter(user__in=people, email=email).select_related("user").first()
    return connection.user if connection else None
