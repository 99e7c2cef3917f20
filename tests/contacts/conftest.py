"""An index of one Pipedrive account, and what is in it."""

from collections.abc import Callable

import pytest

from accounts.models import User
from integrations.models import ContactIndex, PipedriveAccount, PipedriveConnection
from tests.conftest import company_of


@pytest.fixture
def index(aino: User) -> ContactIndex:
    """An index of its own; nobody is connected."""
    account = PipedriveAccount.objects.create(company=company_of(aino), pipedrive_company_id=7001, name="Esimerkki Oy")
    return ContactIndex.objects.create(account=account, region="FI")


@pytest.fixture
def read_index(connected: Callable[[User], PipedriveConnection], bo: User) -> ContactIndex:
    """The index of the account to which Bo has connected; the persons of the sandbox have been read."""
    return ContactIndex.objects.get(account=connected(bo).account_id)
