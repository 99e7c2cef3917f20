"""A company's page: every link with its state, what to do about it, and what the company has."""

import datetime
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.utils import IntegrityError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit import record
from accounts.audit_entry import Action
from accounts.models import Company, Invitation, License, User
from calls.models import Book, Call, LoggingPolicy
from calls.reasons import Reason, Status
from integrations.models import ContactIndex, MustalinjaAccount, PipedriveAccount, PipedriveConnection, TokenSpending
from support.models import Note
from tests.accounts.browser import in_english
from tests.admin.populated import one_of_each
from tests.support.pages import links_of, text_of

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def company(staff: User) -> Company:
    """A company with one row of everything, and another one beside it."""
    company = one_of_each()[Company]
    one_of_each(number=7)
    Book.objects.update(received=0)
    Call.objects.update(status=Status.LOGGED, reason=Reason.LOGGED, activity_id=1)
    Book.objects.update(logged=1, received=1)
    assert isinstance(company, Company)
    return company


def cockpit(support: Client, company: Company) -> str:
    page = support.get(f"/admin/support/companies/{company.pk}/")
    assert page.status_code == 200
    return text_of(page)


def light(support: Client, company: Company, title: str) -> str:
    """What stands beside a link's title, up to the next title."""
    lights = cockpit(support, company).partition("What it means ")[2]
    after = lights.partition(f"{title} ")[2]
    ends = [after.find(f" {other} ") for other in TITLES if other != title and f" {other} " in after]
    return after[: min(ends)] if ends else after


TITLES = (
    "Mustalinja credentials",
    "Calls from Mustalinja",
    "Pipedrive authorizations",
    "Phone index",
    "Activity type",
    "Pipedrive's limits",
    "Queue",
    "Books",
    "Try the calls again…",
)


class TestLights:
    def test_all_is_in_order(self, support: Client, company: Company) -> None:
        now = timezone.now()
        MustalinjaAccount.objects.update(last_heard_at=now, credentials_accepted=True, credentials_checked_at=now)
        ContactIndex.objects.update(swept_at=now, persons=1234)
        PipedriveAccount.objects.update(activity_types=["call"], activity_types_read_at=now)
        page = cockpit(support, company)
        assert page.count("In order") >= len(TITLES) - 1
        assert "1,234 persons are known." in page
        assert "Needs attention" not in page.partition("Licenses")[0]

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"credentials_accepted": False}, "Needs attention"),
            ({"credentials_accepted": None}, "Waiting"),
            ({"credentials_accepted": True}, "In order"),
        ],
    )
    def test_credentials(self, support: Client, company: Company, fields: dict[str, bool], said: str) -> None:
        MustalinjaAccount.objects.update(**fields)
        assert light(support, company, "Mustalinja credentials").startswith(said)

    def test_a_webhook_that_is_refused(self, support: Client, company: Company) -> None:
        now = timezone.now()
        MustalinjaAccount.objects.update(last_heard_at=now - DAY, last_refused_at=now)
        said = light(support, company, "Calls from Mustalinja")
        assert said.startswith("Needs attention")
        assert "The latest call event did not prove itself." in said

    def test_a_webhook_that_was_never_heard_and_one_that_fell_silent(self, support: Client, company: Company) -> None:
        assert "No call event has ever come." in light(support, company, "Calls from Mustalinja")
        MustalinjaAccount.objects.update(last_heard_at=timezone.now() - 5 * DAY)
        assert "Nothing has come for days." in light(support, company, "Calls from Mustalinja")
        MustalinjaAccount.objects.update(last_heard_at=timezone.now() - 3 * DAY)
        assert "Call events arrive." in light(support, company, "Calls from Mustalinja")

    def test_a_company_without_mustalinja(self, support: Client, company: Company) -> None:
        MustalinjaAccount.objects.all().delete()
        assert light(support, company, "Mustalinja credentials").startswith("To do")
        assert "Fetch missing calls" not in cockpit(support, company)

    @pytest.mark.parametrize(
        ("state", "said"),
        [
            ("connected", "In order"),
            ("reauthorize", "1 user has to press “Reconnect Pipedrive” on the Integrations page."),
            ("account_closed", "The customer settles that with Pipedrive."),
        ],
    )
    def test_authorizations(self, support: Client, company: Company, state: str, said: str) -> None:
        PipedriveConnection.objects.update(state=state)
        assert said in light(support, company, "Pipedrive authorizations")

    def test_nobody_is_connected(self, support: Client, company: Company) -> None:
        ContactIndex.objects.all().delete()
        PipedriveConnection.objects.all().delete()
        assert "Nobody has connected Pipedrive." in light(support, company, "Pipedrive authorizations")
        assert light(support, company, "Phone index").startswith("To do")

    def test_an_index_with_a_problem_and_one_that_is_being_read(self, support: Client, company: Company) -> None:
        ContactIndex.objects.update(sweep_persons=500)
        assert "Being read for the first time: 500 persons so far." in light(support, company, "Phone index")
        ContactIndex.objects.update(problem="403 Forbidden")
        assert "403 Forbidden" in light(support, company, "Phone index")

    def test_an_activity_type_that_is_missing(self, support: Client, company: Company) -> None:
        PipedriveAccount.objects.update(activity_types=["call"], activity_types_read_at=timezone.now())
        PipedriveAccount.objects.update(missing_activity_type="visit")
        assert "“visit” is not active in Pipedrive" in light(support, company, "Activity type")
        PipedriveAccount.objects.update(missing_activity_type="", activity_types=["lunch"])
        assert "Pipedrive has no active type for calls." in light(support, company, "Activity type")

    def test_a_pause_and_few_tokens(self, support: Client, company: Company) -> None:
        now = timezone.now()
        PipedriveAccount.objects.update(daily_tokens=30_000, tokens_left=2_999, tokens_left_at=now)
        assert "2,999 of 30,000 tokens are left today." in light(support, company, "Pipedrive's limits")
        assert light(support, company, "Pipedrive's limits").startswith("Waiting")
        PipedriveAccount.objects.update(pause_kind="blocked", paused_until=now + DAY)
        assert "shut out by Pipedrive's network" in light(support, company, "Pipedrive's limits")

    def test_the_tokens_that_this_account_has_spent_count(self, support: Client, company: Company) -> None:
        PipedriveAccount.objects.update(daily_tokens=1_000)
        TokenSpending.objects.update(tokens=400, day=timezone.now().astimezone(datetime.UTC).date())
        assert "600 of 1,000 tokens are left today." in light(support, company, "Pipedrive's limits")

    def test_a_queue_that_stands_still(self, support: Client, company: Company) -> None:
        due = timezone.now() - datetime.timedelta(minutes=6)
        Call.objects.update(status=Status.PENDING, reason=Reason.QUEUED, next_attempt_at=due)
        said = light(support, company, "Queue")
        assert said.startswith("Needs attention")
        assert "Check on the desk that a worker is alive" in said

    def test_books_that_do_not_balance(self, support: Client, company: Company) -> None:
        Book.objects.filter(company=company).update(received=4)
        assert "1 day does not balance" in light(support, company, "Books")


class TestWhatTheCompanyHas:
    def test_licenses_by_their_end_with_the_free_ones(self, support: Client, company: Company) -> None:
        soon = timezone.localdate() + 20 * DAY
        licenses = License.objects.bulk_create(License(company=company, valid_until=soon) for _seat in range(3))
        License.objects.create(company=company, valid_until=timezone.localdate() - DAY)
        for ended in ("suspended_at", "revoked_at"):
            License.objects.create(company=company, valid_until=soon, **{ended: timezone.now()})
        Invitation.objects.create(company=company, email="uusi@yritys.example", license=licenses[0])
        page = cockpit(support, company)
        assert "2 licenses are free." in page
        assert "Ends soon 4 0 1 1 2" in page
        assert "Ended 1 0 0 0 0" in page
        assert "uusi@yritys.example invited" in page

    def test_people_with_each_links_state(self, support: Client, company: Company) -> None:
        new = User.objects.create_user("uusi@yritys.example", company=company)
        page = cockpit(support, company)
        assert "uusi@yritys.example To do No valid license Not connected." in page
        assert "rep0@yritys.example In order Active Connected: PD 0" in page
        links = links_of(support.get(f"/admin/support/companies/{company.pk}/"))
        assert links["uusi@yritys.example"] == f"/admin/accounts/user/{new.pk}/change/"

    def test_the_latest_calls_lead_to_their_stories_and_mask_the_number(
        self, support: Client, company: Company
    ) -> None:
        call = company.calls.get()
        Call.objects.filter(pk=call.pk).update(status=Status.FAILED, reason=Reason.PIPEDRIVE_REFUSED)
        page = cockpit(support, company)
        assert "+358 40 0•• ••87 failed refused by Pipedrive" in page
        assert "0400124387" not in page.replace(" ", "")
        assert "+358400124387" not in page
        links = links_of(support.get(f"/admin/support/companies/{company.pk}/"))
        assert links[call.support_code] == f"/admin/calls/call/{call.pk}/change/"

    def test_settings_in_words(self, support: Client, company: Company) -> None:
        LoggingPolicy.objects.update(
            in_missed="none", minimum_seconds=20, blocked_numbers=["+35860*"], working_hours={"mon": "08:00-16:30"}
        )
        page = cockpit(support, company)
        assert "Shortest talk time 20 s Blocked numbers 1 number Working hours Mon 8–16.30" in page
        assert "+35860" not in page

    def test_another_companys_things_are_not_there(self, support: Client, company: Company) -> None:
        page = cockpit(support, company)
        assert "rep7@yritys.example" not in page
        assert "PD 7" not in page

    def test_a_suspension_stands_on_top(self, support: Client, company: Company) -> None:
        Company.objects.filter(pk=company.pk).update(suspended_at=timezone.now())
        assert "Suspended since" in cockpit(support, company)


class TestTimeline:
    def test_deeds_are_told_with_names_values_and_reason(self, support: Client, company: Company, staff: User) -> None:
        license_ = company.licenses.get()
        changes = {"holder": None, "valid_until": [None, "2027-03-01"]}
        entry = record(action=Action.CHANGED, company=company, subject=license_, changes=changes, reason="ordered")
        page = cockpit(support, company)
        assert "the portal itself" in page
        assert f"license {license_.code} holder; valid until: – → 1 Mar 2027 Reason: ordered" in page
        assert entry.company == company

    def test_another_companys_deeds_are_not(self, support: Client, company: Company) -> None:
        other = Company.objects.get(name="Yritys 7 Oy")
        record(action=Action.CHANGED, company=other, subject=other, reason="of the other one")
        assert "of the other one" not in cockpit(support, company)

    def test_a_deed_of_an_unknown_kind_on_something_that_is_gone_is_still_told(
        self, support: Client, company: Company
    ) -> None:
        entry = record(action=Action.DELETED, company=company, subject=company.licenses.get())
        type(entry).objects.all().bulk_create(
            [
                type(entry)(company=company, action="invented", subject="accounts.license 999999", changes={"x": 1}),
                type(entry)(company=company, action="invented", subject="no.such 1"),
            ]
        )
        page = cockpit(support, company)
        assert "invented: license" in page
        assert "invented: no.such" in page


class TestNotes:
    def address(self, company: Company) -> str:
        return f"/admin/support/companies/{company.pk}/notes/"

    def test_a_note_is_kept_and_shown_with_its_author(self, support: Client, company: Company, staff: User) -> None:
        answer = support.post(self.address(company), {"text": "Calls back on Monday <b>"}, follow=True)
        assert "The note is saved." in text_of(answer)
        assert "Calls back on Monday <b>" in text_of(answer)
        note = Note.objects.get()
        assert (note.company, note.author, note.text) == (company, staff, "Calls back on Monday <b>")

    @pytest.mark.parametrize("text", ["", "   \n ", "x" * 2_001])
    def test_an_empty_or_endless_note_is_refused(self, support: Client, company: Company, text: str) -> None:
        answer = support.post(self.address(company), {"text": text})
        assert answer.status_code == 200
        assert 'class="errorlist"' in answer.content.decode()
        assert not Note.objects.exists()

    def test_the_database_refuses_an_empty_one_too(self, company: Company) -> None:
        with pytest.raises(IntegrityError, match="note_says_something"):
            Note.objects.create(company=company, text="")

    def test_it_stays_when_its_author_goes(self, support: Client, company: Company) -> None:
        gone = User.objects.create_user("entinen@saashop.example", is_staff=True)
        Note.objects.create(company=company, author=gone, text="Knows the switchboard well")
        gone.delete()
        assert "Knows the switchboard well" in cockpit(support, company)

    def test_who_may_not_write_notes_cannot(self, company: Company, browser_of: Callable[[User], Client]) -> None:
        helper = User.objects.create_user("apu@saashop.example", is_staff=True)
        helper.user_permissions.add(Permission.objects.get(codename="view_company"))
        client = in_english(browser_of(helper))
        assert client.post(self.address(company), {"text": "Hello"}).status_code == 403
        assert "New note" not in cockpit(client, company)


class TestRights:
    def test_without_the_right_to_see_companies_there_is_no_page(
        self, company: Company, browser_of: Callable[[User], Client]
    ) -> None:
        helper = User.objects.create_user("apu@saashop.example", is_staff=True)
        helper.user_permissions.add(Permission.objects.get(codename="view_call"))
        client = browser_of(helper)
        for page in ("", "notes/", "mend/suspend/"):
            assert client.post(f"/admin/support/companies/{company.pk}/{page}").status_code == 403

    def test_parts_that_somebody_may_not_see_are_not_there(
        self, company: Company, browser_of: Callable[[User], Client]
    ) -> None:
        helper = User.objects.create_user("apu@saashop.example", is_staff=True)
        helper.user_permissions.add(Permission.objects.get(codename="view_company"))
        page = cockpit(in_english(browser_of(helper)), company)
        parts = ("rep0@", "Latest calls", "free.", "Settings", "Support's notes", "What has been changed", "Suspend")
        assert [part for part in parts if part in page] == []

    def test_an_unknown_company_is_not_found(self, support: Client, company: Company) -> None:
        assert support.get("/admin/support/companies/999999/").status_code == 404
        assert support.post(f"/admin/support/companies/{company.pk}/mend/nothing/").status_code == 404


def test_the_admins_list_and_record_of_a_company_lead_to_its_page(support: Client, company: Company) -> None:
    address = f"/admin/support/companies/{company.pk}/"
    assert address in links_of(support.get("/admin/accounts/company/")).values()
    record_page = support.get(f"/admin/accounts/company/{company.pk}/change/")
    assert links_of(record_page)["Everything about the company"] == address


def test_it_costs_the_same_with_many_people_calls_and_deeds(support: Client, company: Company) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            cockpit(support, company)
        return len(captured)

    record(action=Action.CHANGED, company=company, subject=company.licenses.get())
    record(action=Action.CHANGED, company=company, subject=company.calls.get())
    record(action=Action.CHANGED, company=company, subject=company.people.get())
    cost()
    few = cost()
    assert few <= 14
    account = PipedriveAccount.objects.get(company=company)
    pattern = PipedriveConnection.objects.get(account=account)
    for number in range(30):
        user = User.objects.create_user(f"monta{number}@yritys.example", company=company)
        pattern.pk, pattern.user, pattern.pipedrive_user_id = None, user, 500 + number
        pattern.save(force_insert=True)
        License.objects.create(company=company, holder=user)
        record(action=Action.CHANGED, company=company, subject=user)
        Note.objects.create(company=company, text="one more")
    PipedriveAccount.objects.create(company=company, pipedrive_company_id=1)
    assert cost() <= few
