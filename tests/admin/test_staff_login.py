"""Staff enter the admin with both steps, in a session that passed them, and are logged out when they are away."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.staff_sessions import SEEN
from accounts.tokens import make_token
from tests.accounts.browser import PASSWORD, in_english, is_logged_in
from tests.authenticator_app import SECRET, code_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
LISTING = "/admin/calls/call/?q=00358"
SECURITY = "/accounts/security/"


@pytest.fixture(autouse=True)
def no_limits_left_from_before() -> None:
    cache.clear()


def one_step(user: User) -> Client:
    """A browser in which the password was enough."""
    client = in_english(Client())
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def enter(client: Client, path: str, *, email: str) -> Any:
    """Open a page of the admin as somebody who is asked to log in, and give the password."""
    asked = client.get(path, follow=True)
    assert asked.redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/")
    # The first such field is that of the switch of languages.
    next_page = re.findall(r'name="next" value="([^"]+)"', asked.content.decode())[-1]
    fields = {"login": email, "password": PASSWORD, "next": next_page.replace("&amp;", "&")}
    return client.post("/accounts/login/", fields)


def test_both_steps_lead_to_the_page_that_was_wanted(staff: User, browser_of: Browser) -> None:
    browser_of(staff)
    client = in_english(Client())
    answer = enter(client, LISTING, email=staff.email)
    assert answer["Location"] == f"{SECURITY}authenticate/"
    assert not is_logged_in(client)
    opened = client.post(f"{SECURITY}authenticate/", {"code": code_of(SECRET)})
    assert opened["Location"] == LISTING
    assert client.get(LISTING).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_is_a_second_step_and_new_ones_do_not_end_the_session(staff: User) -> None:
    client = one_step(staff)
    codes = set_up(client)
    other = in_english(Client())
    enter(other, "/admin/", email=staff.email)
    other.post(f"{SECURITY}authenticate/", {"code": codes[0]})
    assert other.get("/admin/").status_code == 200
    other.post("/accounts/reauthenticate/", {"password": PASSWORD})
    other.post(f"{SECURITY}recovery-codes/generate/")
    assert other.get(f"{SECURITY}recovery-codes/").status_code == 200
    assert other.get("/admin/").status_code == 200


def set_up(client: Client) -> list[str]:
    """Set up an authenticator app as a person does; return the recovery codes."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get(f"{SECURITY}totp/activate/").content.decode()
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page)
    assert secret is not None
    client.post(f"{SECURITY}totp/activate/", {"code": code_of(secret[1])})
    return re.findall(r"<code>(\d{8})</code>", client.get(f"{SECURITY}recovery-codes/").content.decode())


@pytest.mark.django_db(transaction=True)
def test_staff_without_a_second_step_are_led_to_set_one_up_and_then_the_admin_is_open(staff: User) -> None:
    client = in_english(Client())
    enter(client, "/admin/", email=staff.email)
    led = client.get("/admin/", follow=True)
    assert led.redirect_chain[1][0] == f"{SECURITY}totp/activate/"
    assert "Only two-step login opens the admin" in led.content.decode()
    codes = set_up(client)
    assert len(codes) == 10
    assert 'href="/admin/"' in client.get(f"{SECURITY}recovery-codes/").content.decode()
    assert client.get("/admin/").status_code == 200


def test_a_session_from_before_the_second_step_was_set_up_elsewhere_ends(staff: User, browser_of: Browser) -> None:
    before = one_step(staff)
    assert before.get("/integrations/").status_code == 200
    browser_of(staff)
    answer = before.get(f"{SECURITY}recovery-codes/", follow=True)
    assert "Log in once more" in answer.content.decode()
    assert not is_logged_in(before)


def test_a_removed_authenticator_closes_the_admin_at_once_though_another_is_made(
    staff: User, browser_of: Browser
) -> None:
    client = browser_of(staff)
    Authenticator.objects.filter(user=staff).delete()
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/metrics").status_code == 404
    browser_of(staff)
    client.get("/admin/")
    assert not is_logged_in(client)


def test_somebody_elses_authenticator_opens_nothing(staff: User, bo: User, browser_of: Browser) -> None:
    client = one_step(staff)
    others = Authenticator.objects.create(user=bo, type=Authenticator.Type.TOTP, data={})
    session = client.session
    session["second_step"] = others.pk
    session.save()
    assert client.get("/admin/").status_code == 302


def test_an_api_token_does_not_open_the_admin(staff: User) -> None:
    _token, key = make_token(user=staff, name="staff's")
    client = Client(headers={"Authorization": f"Bearer {key}"})
    assert client.get("/api/v1/calls/").status_code == 200
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_a_customer_with_two_steps_is_told_that_the_admin_is_not_theirs(aino: User, browser_of: Browser) -> None:
    client = in_english(browser_of(aino))
    Authenticator.objects.create(user=aino, type=Authenticator.Type.TOTP, data={})
    answer = client.get("/admin/", follow=True)
    assert (answer.status_code, "Only SaaShop" in answer.content.decode()) == (403, True)


def test_the_log_in_leads_to_no_other_site(staff: User, browser_of: Browser) -> None:
    for client in (browser_of(staff), Client()):
        assert "evil.example" not in client.get("/admin/login/?next=https://evil.example/")["Location"]


def idle(client: Client, *, seconds: int) -> None:
    """Let time pass since the last request."""
    session = client.session
    session[SEEN] -= seconds
    session.save()


class TestIdleTime:
    def test_staff_log_in_again_after_it_and_come_back(self, staff: User, browser_of: Browser) -> None:
        client = in_english(browser_of(staff))
        client.get("/admin/")
        idle(client, seconds=1700)
        assert client.get(LISTING).status_code == 200
        idle(client, seconds=1700)
        assert client.get(LISTING).status_code == 200
        idle(client, seconds=1801)
        answer = client.get(LISTING, follow=True)
        assert "You were logged out because" in answer.content.decode()
        assert client.get(LISTING)["Location"] == "/admin/login/?next=/admin/calls/call/%3Fq%3D00358"

    def test_what_a_page_asks_by_itself_does_not_count(self, staff: User, browser_of: Browser) -> None:
        client = browser_of(staff)
        client.get("/admin/")
        idle(client, seconds=1700)
        client.get("/integrations/checklist/", headers={"HX-Request": "true"})
        idle(client, seconds=200)
        client.get("/integrations/checklist/", headers={"HX-Request": "true"})
        assert not is_logged_in(client)

    def test_customers_stay(self, aino: User, browser_of: Browser) -> None:
        client = browser_of(aino)
        client.get("/integrations/")
        session = client.session
        session[SEEN] = 0
        session.save()
        assert client.get("/integrations/").status_code == 200

    def test_its_length_is_a_setting(self, staff: User, browser_of: Browser, settings: Settings) -> None:
        settings.STAFF_IDLE_SECONDS = 60
        client = browser_of(staff)
        client.get("/admin/")
        idle(client, seconds=61)
        client.get("/admin/")
        assert not is_logged_in(client)


def test_whoever_is_made_by_createsuperuser_need_not_confirm_the_email(staff: User) -> None:
    address = EmailAddress.objects.get(user=staff)
    assert (address.email, address.verified, address.primary) == (staff.email, True, True)
