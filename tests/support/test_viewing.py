"""Staff see the portal as a customer does, for an hour, to read only; the customer's log tells of it."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from accounts.audit_entry import AuditEntry
from accounts.models import User
from calls.models import Call
from integrations.models import MustalinjaAccount
from support.viewing import LASTS, SESSION_KEY
from support.viewing_middleware import SHOWN
from tests.accounts.browser import in_english
from tests.admin.desk import SUPPORT, staff_with
from tests.calls.events import deliver, ended_call
from tests.conftest import company_of
from tests.test_access import POSTS, ROLES, TABLE

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
REASON = "Aino asked why a call is missing"
END = "/admin/support/view/end/"
KEPT_BESIDES = {Session, AuditEntry, OrmQ}
"""What may be written meanwhile: the session, the log, and a check of links that the queue is asked for."""


@pytest.fixture
def colleague(db: None) -> User:
    """Somebody with the role that has the least rights."""
    return staff_with(SUPPORT)


@pytest.fixture
def desk(colleague: User, browser_of: Browser) -> Client:
    cache.clear()
    return in_english(browser_of(colleague))


@pytest.fixture
def call(mustalinja: MustalinjaAccount, bo: User) -> Call:
    deliver(mustalinja, ended_call())
    return Call.objects.get()


def begin(desk: Client, person: User, *, reason: str = REASON) -> Any:
    return desk.post(f"/admin/support/people/{person.pk}/view/", {"reason": reason}, follow=True)


def is_viewing(desk: Client) -> bool:
    return SESSION_KEY in desk.session


def entries(person: User) -> list[tuple[str, str, str]]:
    """What the log of the person's company tells, the latest last."""
    logged = AuditEntry.objects.of_company(company_of(person).pk).order_by("id")
    return [(entry.action, entry.subject, entry.reason) for entry in logged]


def test_the_portal_is_shown_as_the_person_sees_it_with_a_banner(desk: Client, aino: User, call: Call) -> None:
    page = begin(desk, aino).content.decode()
    assert f"You see the portal as {aino.email} of Esimerkki Oy." in page
    assert REASON in page
    assert "for 60 minutes more" in page
    for path in ("/calls/", f"/calls/{call.reference}/", "/team/", "/settings/", "/faq/", "/no-such-page/"):
        page = desk.get(path).content.decode()
        assert "You see the portal as" in page, path
        assert f'action="{END}"' in page
    listed = desk.get("/api/v1/calls/").json()["results"]
    assert [each["id"] for each in listed] == [call.reference]


def test_ending_leads_to_the_persons_page_and_both_ends_are_in_the_customers_log(
    desk: Client, colleague: User, aino: User
) -> None:
    begin(desk, aino)
    answer = desk.post(END)
    assert answer["Location"] == f"/admin/accounts/user/{aino.pk}/change/"
    assert desk.get("/team/").status_code == 403
    subject = f"accounts.user {aino.pk}"
    assert entries(aino) == [("view_begun", subject, REASON), ("view_ended", subject, REASON)]
    assert set(AuditEntry.objects.values_list("actor", "is_staff")) == {(colleague.pk, True)}
    assert desk.post(END)["Location"] == "/admin/"


def test_a_reason_is_asked_for(desk: Client, aino: User) -> None:
    page = desk.get(f"/admin/accounts/user/{aino.pk}/change/").content.decode()
    assert f"/admin/support/people/{aino.pk}/view/" in page
    for reason in ("", "   ", "ok"):
        answer = begin(desk, aino, reason=reason)
        assert answer.status_code == 200
        assert not is_viewing(desk)
    assert [action for action, *_rest in entries(aino)] == ["viewed"]


def test_nobody_at_the_desk_is_viewed_nor_anybody_without_a_company_or_deactivated(
    desk: Client, staff: User, aino: User, bo: User
) -> None:
    User.objects.filter(pk=aino.pk).update(is_staff=True)
    User.objects.filter(pk=bo.pk).update(is_active=False)
    alone = User.objects.create_user("alone@esimerkki.example")
    superuser = User.objects.create_user("s@esimerkki.example", company=aino.company, is_superuser=True)
    for person in (staff, aino, bo, alone, superuser):
        assert begin(desk, person).status_code == 403
        assert "/view/" not in desk.get(f"/admin/accounts/user/{person.pk}/change/").content.decode()
    assert not is_viewing(desk)


def test_without_the_right_nobody_views(aino: User, browser_of: Browser) -> None:
    client = browser_of(User.objects.create_user("apu@saashop.example", is_staff=True))
    assert begin(client, aino).status_code == 403
    assert browser_of(aino).post(f"/admin/support/people/{aino.pk}/view/", {"reason": REASON}).status_code == 302


@pytest.mark.parametrize("name", TABLE)
def test_an_address_is_shown_as_to_the_person_or_refused(
    name: str, desk: Client, aino: User, call: Call, mustalinja: MustalinjaAccount
) -> None:
    begin(desk, aino)
    path, statuses = TABLE[name]
    answer = desk.get(path.format(call=call.reference, key=mustalinja.webhook_key, rep=call.rep_id))
    if path.startswith(("/webhooks/", "/health/")):
        return  # Machines' addresses know no sessions.
    assert answer.status_code == (statuses[ROLES.index("admin")] if name in SHOWN else 403)


def test_what_is_shown_exists() -> None:
    assert set(TABLE) >= SHOWN


def everything() -> dict[str, list[Any]]:
    """All rows of all tables but those that may change."""
    kept = [model for model in apps.get_models() if model not in KEPT_BESIDES]
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in kept}


def test_looking_writes_nothing(desk: Client, aino: User, call: Call, mustalinja: MustalinjaAccount) -> None:
    begin(desk, aino)
    before = everything()
    for path, _statuses in TABLE.values():
        desk.get(path.format(call=call.reference, key=mustalinja.webhook_key, rep=call.rep_id))
    assert everything() == before


def test_every_other_method_is_refused(desk: Client, aino: User, call: Call) -> None:
    begin(desk, aino)
    before = everything()
    more = ("/i18n/setlang/", "/accounts/logout/", "/accounts/password/change/", "/metrics", "/no-such-page/")
    for path in (*POSTS, *more):
        fields = {"language": "fi", **(POSTS[path][0] if path in POSTS else {})}
        answer = desk.post(path.format(call=call.reference, rep=call.rep_id), fields)
        assert (path, answer.status_code) == (path, 403)
        assert "you can only read" in answer.content.decode()
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(desk, method)("/api/v1/settings/me/", {"language": "en"}, content_type="application/json")
        assert (answer.status_code, list(answer.json())) == (403, ["detail"])
    assert everything() == before
    assert is_viewing(desk)


def test_a_token_beside_the_session_opens_no_more(desk: Client, aino: User, cecilia: User) -> None:
    begin(desk, aino)
    assert desk.post("/api/v1/tokens/", {"name": "x"}, content_type="application/json").status_code == 403
    assert desk.get("/api/v1/tokens/").status_code == 403


def test_the_admin_stays_the_colleagues_own_and_customers_stay_in_the_portal(desk: Client, aino: User) -> None:
    begin(desk, aino)
    page = desk.get("/admin/")
    assert (page.status_code, "You see the portal as" in page.content.decode()) == (200, False)
    assert desk.get("/admin/accounts/company/").status_code == 200
    assert desk.get("/metrics").status_code == 403


def let_pass(desk: Client, time: datetime.timedelta) -> None:
    session = desk.session
    ends_at = datetime.datetime.fromisoformat(session[SESSION_KEY]["ends_at"]) - time
    session[SESSION_KEY] = session[SESSION_KEY] | {"ends_at": ends_at.isoformat()}
    session.save()


def test_after_an_hour_the_colleague_is_themselves_again(desk: Client, aino: User) -> None:
    begin(desk, aino)
    let_pass(desk, LASTS - datetime.timedelta(seconds=50))
    assert "for 1 minute more" in desk.get("/team/").content.decode()
    let_pass(desk, datetime.timedelta(hours=2))
    page = desk.get("/integrations/").content.decode()
    assert "You are yourself again" in page
    assert aino.email not in page
    ended = AuditEntry.objects.get(action="view_ended")
    assert ended.at < timezone.now() - datetime.timedelta(hours=1, minutes=59)
    assert desk.post("/settings/", {}).status_code == 200


@pytest.mark.parametrize("cause", ["second step", "right", "person", "company", "log-out"])
def test_a_view_ends_with_what_allowed_it(cause: str, desk: Client, colleague: User, aino: User) -> None:
    begin(desk, aino)
    company = company_of(aino)
    if cause == "second step":
        Authenticator.objects.filter(user=colleague).delete()
    elif cause == "right":
        colleague.groups.clear()
    elif cause == "person":
        User.objects.filter(pk=aino.pk).update(is_staff=True)
    elif cause == "company":
        User.objects.filter(pk=aino.pk).update(company=None, is_company_admin=False, sees_all_calls=False)
    else:
        desk.post("/admin/logout/")
    assert aino.email not in desk.get("/integrations/").content.decode()
    assert not is_viewing(desk)
    actions = AuditEntry.objects.of_company(company.pk).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["view_begun", "view_ended"]


def test_another_view_ends_the_one_before(desk: Client, aino: User, cecilia: User) -> None:
    begin(desk, aino)
    begin(desk, cecilia)
    assert [action for action, _subject, _reason in entries(aino)] == ["view_begun", "view_ended"]
    page = desk.get("/team/").content.decode()
    assert cecilia.email in page
    assert aino.email not in page
