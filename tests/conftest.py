"""The cast: Aino owns the company, Bo is on her team, Cecilia belongs to another company and must see nothing of them.

Pipedrive and Mustalinja are the sandbox, spoken to over real HTTP.
"""

from collections.abc import Callable, Iterator

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone, translation
from pytest_django import Settings

from accounts.licenses import issue_licenses, redeem_license
from accounts.models import Company, User
from integrations.connections import connect, whose_grant
from integrations.contact_upkeep import keep_index
from integrations.models import MustalinjaAccount, PipedriveConnection
from integrations.mustalinja.signature import new_secret
from integrations.pipedrive_app import oauth_app
from tests.authenticator_app import pass_second_step
from tests.sandbox.running_sandbox import Sandbox
from tests.sandbox_process import running_sandbox
from tests.scheduling import pytest_xdist_make_scheduler

__all__ = ["pytest_xdist_make_scheduler"]

PASSWORD = "kevät-sataa-vettä-42"


@pytest.fixture(autouse=True)
def language_of_the_test() -> Iterator[None]:
    """Pages speak their reader's language, and the test client does not leave it again as a server's thread would."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    """The sandbox for the tests inside this process."""
    with running_sandbox(redirect_uri="http://localhost:8000/integrations/pipedrive/callback/") as sandbox:
        yield sandbox


@pytest.fixture
def outside(sandbox_process: Sandbox, settings: Settings) -> Sandbox:
    """Pipedrive and Mustalinja as they are at their start, and the portal's settings leading to them."""
    sandbox_process.order("pipedrive/control/reset")
    sandbox_process.order("mustalinja/control/reset")
    settings.PIPEDRIVE_OAUTH_URL = f"{sandbox_process.url}/pipedrive"
    settings.PIPEDRIVE_API_URL = f"{sandbox_process.url}/pipedrive"
    settings.MUSTALINJA_API_URL = f"{sandbox_process.url}/mustalinja"
    return sandbox_process


def make_person(email: str, company: str) -> User:
    """Somebody who has signed up with a licence and confirmed the email."""
    user = User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    code = issue_licenses(company_name=company, seats=1, valid_until=None)[0].code
    redeem_license(user=user, code=code)
    return user


def company_of(user: User) -> Company:
    """The company of somebody who has one."""
    assert user.company is not None
    return user.company


@pytest.fixture
def aino(db: None) -> User:
    return make_person("aino@esimerkki.example", "Esimerkki Oy")


@pytest.fixture
def bo(aino: User) -> User:
    return make_person("bo@esimerkki.example", "Esimerkki Oy")


@pytest.fixture
def cecilia(db: None) -> User:
    return make_person("cecilia@toinen.example", "Toinen Oy")


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("tuki@saashop.example", PASSWORD)


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    """A browser in which a person is logged in; staff with both steps."""

    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        if user.is_staff:
            pass_second_step(client, user)
        return client

    return log_in


@pytest.fixture
def just_connected(outside: Sandbox) -> Callable[[User], PipedriveConnection]:
    """Connects a person to the Pipedrive user of the same email; the persons there are still to be read."""

    def connect_user(user: User) -> PipedriveConnection:
        code = outside.order("pipedrive/control/authorize", user_email=user.email)["code"]
        grant = oauth_app().exchange_code(code=code)
        return connect(user=user, grant=grant, pipedrive_user=whose_grant(grant))

    return connect_user


@pytest.fixture
def connected(just_connected: Callable[[User], PipedriveConnection]) -> Callable[[User], PipedriveConnection]:
    """Connects a person to the Pipedrive user of the same email, and reads the persons there."""

    def connect_user(user: User) -> PipedriveConnection:
        connection = just_connected(user)
        keep_index(connection.account_id)
        return connection

    return connect_user


@pytest.fixture
def mustalinja(aino: User) -> MustalinjaAccount:
    """The link of Aino's company to Mustalinja."""
    return MustalinjaAccount.objects.create(
        company=company_of(aino),
        api_key="demo-key",
        api_secret="demo-secret",
        secret=new_secret(),
        credentials_checked_at=timezone.now(),
        credentials_accepted=True,
    )
