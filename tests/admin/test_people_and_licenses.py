"""What support does for people: hands out licences, corrects an email, moves somebody to another company."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import Company, User
from integrations.models import PipedriveConnection
from tests.conftest import PASSWORD
from tests.sandbox.running_sandbox import Sandbox

Browser = Callable[[User], Client]


@pytest.fixture
def support(staff: User, browser_of: Browser) -> Client:
    return browser_of(staff)


def fields_of(user: User, **changes: str) -> dict[str, str]:
    fields = {"email": user.email, "company": str(user.company_id), "is_active": "on"}
    inline = {f"licenses-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return fields | inline | changes


def test_an_email_that_support_corrects_works_for_logging_in(support: Client, bo: User) -> None:
    support.post(f"/admin/accounts/user/{bo.pk}/change/", fields_of(bo, email="Bo.Uusi@esimerkki.example"))
    assert EmailAddress.objects.filter(user=bo).values_list("email", "verified", "primary").get() == (
        "bo.uusi@esimerkki.example",
        True,
        True,
    )
    client = Client()
    client.post("/accounts/login/", {"login": "bo.uusi@esimerkki.example", "password": PASSWORD})
    assert client.get("/calls/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_whom_support_moves_leaves_the_old_companys_pipedrive(
    outside: Sandbox, support: Client, bo: User, connected: Callable[[User], PipedriveConnection]
) -> None:
    connected(bo)
    other = Company.objects.create(name="Uusi Oy")
    support.post(f"/admin/accounts/user/{bo.pk}/change/", fields_of(bo, company=str(other.pk)))
    bo.refresh_from_db()
    assert bo.company == other
    assert not PipedriveConnection.objects.exists()
    assert [grant["alive"] for grant in outside.state("grants")["grants"]] == [False]
