"""Every page of the admin opens with data in it, costs the same with more rows, and shows no secret."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin import ModelAdmin, site
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from calls.models import Call, NewPerson, NumberChoice, OwnNumber, WebhookDelivery
from integrations.models import MustalinjaAccount, PipedriveConnection, PipedriveSubscription
from tests.admin.populated import SECRETS, one_of_each

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
SHOWN: dict[str, ModelAdmin[Any]] = {model._meta.label: shown for model, shown in site._registry.items()}
FILTER_LINK = re.compile(r'<li[^>]*>\s*<a href="(\?[^"]+)"')
PASSWORD_HASH = re.compile(r"(?:md5|pbkdf2_sha256|argon2|scrypt)\$[\w./+=$-]+")


@pytest.fixture
def support(staff: User, browser_of: Browser) -> Client:
    return browser_of(staff)


def folder_of(model: type[Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def opens(client: Client, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200, path
    return page.content.decode()


def test_there_is_a_row_of_every_model() -> None:
    assert {model._meta.label for model in one_of_each()} == set(SHOWN)


@pytest.mark.parametrize("label", SHOWN)
def test_list_detail_search_and_filters_open(label: str, support: Client) -> None:
    shown = SHOWN[label]
    row = one_of_each()[shown.model]
    folder = folder_of(shown.model)
    listing = opens(support, folder)
    assert f"/{row.pk}/change/" in listing
    opens(support, f"{folder}{row.pk}/change/")
    opens(support, f"{folder}{row.pk}/history/")
    if shown.search_fields:
        for term in ("0400 124 387", "'\"%_\\", "ä" * 300):
            opens(support, f"{folder}?q={term}")
    links = {link.partition("=")[0]: link for link in FILTER_LINK.findall(listing)}
    assert bool(links) >= bool(shown.list_filter)
    for link in links.values():
        opens(support, folder + link.replace("&amp;", "&"))


@pytest.mark.parametrize("label", SHOWN)
def test_a_list_costs_the_same_with_more_rows(label: str, support: Client) -> None:
    folder = folder_of(SHOWN[label].model)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            opens(support, folder)
        return len(captured)

    for number in range(3):
        one_of_each(number)
    few = cost()
    for number in range(3, 30):
        one_of_each(number)
    assert cost() <= few


@pytest.mark.parametrize("label", SHOWN)
def test_no_page_shows_a_secret_not_even_encrypted(label: str, support: Client) -> None:
    rows = one_of_each()
    model = SHOWN[label].model
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM integrations_pipedriveconnection")
        stored = list(cursor.fetchone())
        cursor.execute("SELECT api_secret, secret, previous_secret FROM integrations_mustalinjaaccount")
        stored += list(cursor.fetchone())
    folder, key = folder_of(model), rows[model].pk
    pages = [folder, f"{folder}{key}/change/", f"{folder}{key}/delete/"]
    for path in pages:
        html = support.get(path).content.decode()
        assert [secret for secret in (*SECRETS, *stored) if secret in html] == [], path
        assert PASSWORD_HASH.findall(html) == []


@pytest.mark.parametrize(
    ("model", "field", "beginning"),
    [
        (PipedriveConnection, "access_token", "access"),
        (PipedriveConnection, "refresh_token", "refresh"),
        (MustalinjaAccount, "secret", "whsec_"),
        (MustalinjaAccount, "api_secret", "mustalinja"),
        (MustalinjaAccount, "webhook_key", "key-of"),
        (PipedriveSubscription, "key", "key-of"),
    ],
)
def test_a_secret_cannot_be_guessed_letter_by_letter(
    model: type[Model], field: str, beginning: str, support: Client
) -> None:
    row = one_of_each()[model]
    for lookup in ("startswith", "contains", "regex"):
        answer = support.get(f"{folder_of(model)}?{field}__{lookup}={beginning}")
        assert f"/{row.pk}/change/" not in answer.content.decode()


@pytest.mark.parametrize(
    "label",
    [
        "integrations.PipedriveConnection",
        "calls.Call",
        "calls.WebhookDelivery",
        "calls.NumberChoice",
        "calls.NewPerson",
    ],
)
def test_what_the_portal_makes_itself_cannot_be_changed_by_hand(label: str, support: Client) -> None:
    shown = SHOWN[label]
    row = one_of_each()[shown.model]
    assert support.get(f"{folder_of(shown.model)}add/").status_code == 403
    assert support.post(f"{folder_of(shown.model)}{row.pk}/change/", {"status": "logged"}).status_code == 403


@pytest.mark.parametrize("label", ["calls.NumberChoice", "calls.NewPerson", "calls.OwnNumber"])
def test_a_number_is_masked_shown_as_people_write_it_and_found_in_any_spelling(label: str, support: Client) -> None:
    shown = SHOWN[label]
    row = one_of_each()[shown.model]
    folder = folder_of(shown.model)
    support.post(f"{folder}{row.pk}/reveal/", {"reason": "?"})
    whole, written = (text.replace(" ", "\N{NO-BREAK SPACE}") for text in ("040 012 4387", "+358 40 0•• ••87"))
    assert whole in opens(support, f"{folder}{row.pk}/change/")
    assert written in opens(support, f"{folder}?q=00358400124387")
    assert written in opens(support, f"{folder}?q={whole}")
    assert written not in opens(support, f"{folder}?q=0400124388")


def test_a_choice_can_be_taken_away_and_a_created_person_cannot(support: Client) -> None:
    rows = one_of_each()
    for model, status in ((NumberChoice, 302), (NewPerson, 403)):
        path = f"{folder_of(model)}{rows[model].pk}/delete/"
        assert support.post(path, {"post": "yes"}).status_code == status
    assert (NumberChoice.objects.count(), NewPerson.objects.count()) == (0, 1)


def test_an_own_number_can_be_taken_off_the_list_and_nothing_else(support: Client) -> None:
    own = one_of_each()[OwnNumber]
    folder = folder_of(OwnNumber)
    answer = support.post(f"{folder}{own.pk}/change/", {"is_removed": "on", "is_entered": "on"})
    assert answer.status_code == 302
    after = OwnNumber.objects.get()
    assert (after.is_removed, after.is_entered) == (True, False)
    assert support.get(f"{folder}add/").status_code == 403


def test_the_front_page_of_the_admin_names_every_model(support: Client) -> None:
    page = opens(support, "/admin/")
    for shown in SHOWN.values():
        assert folder_of(shown.model) in page


class TestSupportWithoutSuperuser:
    @pytest.fixture
    def helper(self, db: None) -> User:
        """May look at calls, and nothing else."""
        user = User.objects.create_user("apu@saashop.example", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_call"))
        return user

    def test_sees_what_the_permissions_allow(self, helper: User, browser_of: Browser) -> None:
        call = one_of_each()[Call]
        client = browser_of(helper)
        opens(client, "/admin/")
        opens(client, folder_of(Call))
        opens(client, f"{folder_of(Call)}{call.pk}/change/")

    def test_sees_nothing_else(self, helper: User, browser_of: Browser) -> None:
        rows = one_of_each()
        client = browser_of(helper)
        index = opens(client, "/admin/")
        for model, row in rows.items():
            if model is not Call:
                assert folder_of(model) not in index
                assert client.get(folder_of(model)).status_code == 403
                assert client.get(f"{folder_of(model)}{row.pk}/change/").status_code == 403
                assert client.post(f"{folder_of(model)}{row.pk}/delete/", {"post": "yes"}).status_code == 403

    def test_does_not_see_deliveries_inside_a_call(self, helper: User, browser_of: Browser) -> None:
        rows = one_of_each()
        page = opens(browser_of(helper), f"{folder_of(Call)}{rows[Call].pk}/change/")
        assert f"{folder_of(WebhookDelivery)}{rows[WebhookDelivery].pk}/" not in page

    def test_cannot_give_themselves_more(self, helper: User, browser_of: Browser) -> None:
        client = browser_of(helper)
        path = f"{folder_of(User)}{helper.pk}/change/"
        assert client.post(path, {"is_superuser": "on"}).status_code == 403
        helper.refresh_from_db()
        assert not helper.is_superuser
