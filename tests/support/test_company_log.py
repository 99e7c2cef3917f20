"""The log that a company's admin reads: their own company's entries, staff as support, names as they are now."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.audit import record
from accounts.audit_entry import Action
from accounts.models import User
from support.company_log_views import ON_A_PAGE
from tests.accounts.browser import in_english
from tests.calls.pressing import text_of
from tests.conftest import company_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
PAGE = "/settings/log/"


@pytest.fixture
def admin(aino: User, browser_of: Browser) -> Client:
    return in_english(browser_of(aino))


def read(client: Client, query: str = "") -> str:
    page = client.get(f"{PAGE}{query}")
    assert page.status_code == 200
    return text_of(page.content.decode())


def test_it_says_who_did_what_and_when_with_staff_as_support(
    admin: Client, aino: User, bo: User, staff: User, browser_of: Browser
) -> None:
    admin.post(f"/team/people/{bo.pk}/", {"sees_all_calls": "on"})
    browser_of(staff).get(f"/admin/accounts/user/{bo.pk}/change/")
    page = read(admin)
    assert f"SaaShop's support looked at: user {bo.email}" in page
    assert f"{aino.email} changed a colleague's rights: user {bo.email} sees everyone's calls: no → yes" in page
    assert staff.email not in page


def test_it_is_in_finnish_too(aino: User, bo: User, browser_of: Browser) -> None:
    client = browser_of(aino)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fi"
    client.post(f"/team/people/{bo.pk}/", {"sees_all_calls": "on"})
    assert f"{aino.email} muutti työkaverin oikeuksia: käyttäjä {bo.email}" in read(client)


def test_settings_are_called_as_on_their_page(admin: Client, aino: User) -> None:
    changes = {"in_missed": ["done", "none"], "own_numbers": None, "webhook_auth": ["signed", "url"], "region": None}
    record(action=Action.SETTINGS, actor=aino, subject=company_of(aino), changes=changes)
    page = read(admin)
    assert "incoming, missed: Log as done → Do not log · own numbers · webhook authentication: Signed" in page
    assert "country of the numbers" in page


def test_a_reason_is_shown(admin: Client, bo: User, staff: User) -> None:
    request = RequestFactory().post("/")
    request.user = staff
    record(action=Action.REVEALED, request=request, subject=bo, reason="Soitto asiakaspalveluun")
    assert "Reason: Soitto asiakaspalveluun" in read(admin)


def test_who_works_for_another_company_by_now_is_not_named(admin: Client, aino: User, bo: User, cecilia: User) -> None:
    record(action=Action.OWN_SETTINGS, actor=bo, subject=bo)
    assert f"{bo.email} changed their own settings: user {bo.email}" in read(admin)
    User.objects.filter(pk=bo.pk).update(company=cecilia.company, email="bo@toinen.example")
    page = read(admin)
    assert "toinen.example" not in page
    assert "somebody who is gone changed their own settings: user" in page


def test_it_is_the_own_companys_alone_and_without_supports_notes(
    admin: Client, aino: User, cecilia: User, staff: User
) -> None:
    record(action=Action.OWN_SETTINGS, actor=cecilia, subject=cecilia)
    record(action=Action.SIGNED_UP, actor=aino, subject=aino)
    entry = record(action=Action.CREATED, actor=staff, company=company_of(aino))
    type(entry).objects.bulk_create(
        [type(entry)(company=aino.company, actor=staff, is_staff=True, action="created", subject="support.note 7")]
    )
    page = read(admin)
    assert "toinen.example" not in page
    assert "signed up" in page
    assert page.count("SaaShop's support added") == 1


def test_pages_follow_each_other_without_gap_and_cost_the_same(admin: Client, aino: User, bo: User) -> None:
    for _time in range(ON_A_PAGE + 3):
        record(action=Action.OWN_SETTINGS, actor=bo, subject=bo)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        first = admin.get(PAGE)
    assert len(queries) <= 12
    assert first.content.decode().count('role="row"') == ON_A_PAGE + 1
    older = f"?before={first.context['page'].before}"
    assert f'href="{older}"' in first.content.decode()
    second = admin.get(f"{PAGE}{older}")
    assert second.content.decode().count('role="row"') == 3 + 1
    assert second.context["page"].before is None


@pytest.mark.parametrize("query", ["?before=x", "?before=-1", "?before=" + "9" * 30, "?before=²"])
def test_a_page_that_does_not_exist(admin: Client, query: str) -> None:
    assert admin.get(f"{PAGE}{query}").status_code == 404


def test_a_rep_is_told_who_can_open_it(bo: User, browser_of: Browser) -> None:
    assert browser_of(bo).get(PAGE).status_code == 403
