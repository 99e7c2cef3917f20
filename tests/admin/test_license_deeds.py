"""What support does to licences: with a reason, in the audit log, and seen by the person and by the calls."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from accounts.audit_entry import AuditEntry
from accounts.code_mails import mail_codes_to
from accounts.license_ends import license_end_drafts
from accounts.licenses import LicenseRefusedError, has_valid_license, issue_licenses, redeem_license
from accounts.models import CodeMail, Company, Invitation, License, User
from accounts.seats import seats_of
from calls.models import Call
from calls.reasons import Reason, Status
from calls.resume import resume_waiting
from calls.tasks import mail_codes, mail_invitations_again
from tests.accounts.browser import in_english
from tests.calls.events import deliver, ended_call
from tests.conftest import company_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
FOLDER = "/admin/accounts/license/"
IN_A_YEAR = timezone.localdate() + datetime.timedelta(days=365)


@pytest.fixture
def support(staff: User, browser_of: Browser) -> Client:
    return in_english(browser_of(staff))


@pytest.fixture
def held(bo: User) -> License:
    return License.objects.get(holder=bo)


def press(client: Client, action: str, *licenses: License, **fields: Any) -> Any:
    chosen = {"action": action, "index": "0", "_selected_action": [each.pk for each in licenses]}
    return client.post(FOLDER, chosen | fields, follow=True)


def do(client: Client, action: str, *licenses: License, **fields: Any) -> Any:
    """Both pages: the list, and the one that asks why."""
    return press(client, action, *licenses, answered="1", **{"reason": "asked by phone", **fields})


def free_ones(user: User, count: int = 1) -> list[License]:
    return list(issue_licenses(company_name=company_of(user).name, seats=count, valid_until=None))


class TestAsking:
    def test_nothing_is_done_before_a_reason_is_given(self, support: Client, held: License) -> None:
        page = press(support, "suspend", held).content.decode()
        assert held.code in page
        assert "kept but not logged" in page
        assert "This field is required" in do(support, "suspend", held, reason=" ").content.decode()
        held.refresh_from_db()
        assert held.state == License.State.IN_USE
        assert not AuditEntry.objects.exists()

    def test_a_selection_across_all_pages_is_one_field(self, support: Client, aino: User) -> None:
        licenses = free_ones(aino, 250)
        page = press(support, "suspend", licenses[0], select_across="1").content.decode()
        assert page.count("_selected_action") == 1
        assert "and 231 more" in page
        do(support, "suspend", licenses[0], select_across="1")
        assert License.objects.filter(suspended_at=None).count() == 0
        assert AuditEntry.objects.filter(action="suspended").count() == 251

    def test_who_may_only_look_gets_no_deeds(self, browser_of: Browser, held: License) -> None:
        looker = User.objects.create_user("katso@saashop.example", is_staff=True)
        looker.user_permissions.add(Permission.objects.get(codename="view_license"))
        client = in_english(browser_of(looker))
        do(client, "revoke", held)
        assert "Revoke</button>" not in client.get(f"{FOLDER}{held.pk}/change/").content.decode()
        assert client.get(f"{FOLDER}add/").status_code == 403
        held.refresh_from_db()
        assert held.revoked_at is None

    def test_the_license_has_a_button_for_each_deed(self, support: Client, held: License) -> None:
        page = support.get(f"{FOLDER}{held.pk}/change/").content.decode()
        for action in ("suspend", "resume", "revoke", "set_last_day", "hand_over", "release"):
            assert f'name="action" value="{action}"' in page


class TestSuspending:
    def test_it_is_written_down(self, support: Client, staff: User, held: License) -> None:
        assert "1 license was changed." in do(support, "suspend", held).content.decode()
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.actor, entry.company) == ("suspended", staff, held.company)
        assert (entry.subject, entry.reason) == (f"accounts.license {held.pk}", "asked by phone")
        assert held.code not in str(entry.changes)

    def test_a_suspended_license_counts_nowhere(self, support: Client, bo: User, held: License) -> None:
        before = seats_of(company_of(bo))
        do(support, "suspend", held, *free_ones(bo))
        assert not has_valid_license(user=bo)
        assert seats_of(company_of(bo)).bought == before.bought - 1

    def test_twice_is_once(self, support: Client, held: License) -> None:
        do(support, "suspend", held)
        assert "0 licenses were changed." in do(support, "suspend", held).content.decode()
        assert AuditEntry.objects.count() == 1

    def test_calls_wait_and_go_on_when_it_is_resumed(self, support: Client, mustalinja: Any, held: License) -> None:
        do(support, "suspend", held)
        deliver(mustalinja, ended_call())
        Call.objects.update(status=Status.WAITING, reason=Reason.NO_LICENSE, next_attempt_at=None)
        resume_waiting()
        assert Call.objects.get().status == Status.WAITING
        OrmQ.objects.all().delete()
        do(support, "resume", held)
        assert "calls.tasks.resume_company" in [entry.task["func"] for entry in OrmQ.objects.all()]
        resume_waiting()
        assert Call.objects.get().status == Status.PENDING

    def test_nobody_can_redeem_it(self, support: Client, bo: User) -> None:
        (free,) = free_ones(bo)
        do(support, "suspend", free)
        with pytest.raises(LicenseRefusedError):
            redeem_license(user=bo, code=free.code)

    def test_no_mail_says_that_it_ends(self, support: Client, bo: User, held: License) -> None:
        License.objects.filter(pk=held.pk).update(valid_until=timezone.localdate() + datetime.timedelta(days=5))
        noon = timezone.localtime().replace(hour=12)
        assert [draft.person for draft in license_end_drafts(noon) if draft.person == bo] == [bo]
        do(support, "suspend", held)
        assert [draft.person for draft in license_end_drafts(noon) if draft.person == bo] == []

    def test_a_longer_license_that_is_suspended_keeps_no_mail_back(self, support: Client, bo: User) -> None:
        soon = timezone.localdate() + datetime.timedelta(days=5)
        License.objects.create(company=company_of(bo), holder=bo, valid_until=soon)
        noon = timezone.localtime().replace(hour=12)
        assert not list(license_end_drafts(noon))
        do(support, "suspend", License.objects.get(holder=bo, valid_until=None))
        assert [draft.person for draft in license_end_drafts(noon)][-1] == bo


@pytest.mark.parametrize(
    ("deed", "says", "team"),
    [("suspend", "has suspended the license", "Suspended by SaaShop"), ("revoke", "has revoked", "No valid license")],
)
def test_the_person_and_the_admin_are_told(
    support: Client, aino: User, bo: User, browser_of: Browser, held: License, deed: str, says: str, team: str
) -> None:
    do(support, deed, held)
    person = in_english(browser_of(bo))
    assert says in person.get("/accounts/license/").content.decode()
    assert deed in person.get("/integrations/").content.decode()
    assert team in in_english(browser_of(aino)).get("/team/").content.decode()


class TestRevoking:
    def test_it_is_for_good(self, support: Client, bo: User, held: License) -> None:
        do(support, "suspend", held)
        do(support, "revoke", held)
        for deed in ("resume", "suspend"):
            assert "0 licenses were changed." in do(support, deed, held).content.decode()
        do(support, "set_last_day", held, last_day=IN_A_YEAR)
        held.refresh_from_db()
        assert (held.state, held.holder, held.valid_until) == (License.State.REVOKED, bo, None)

    def test_an_invitation_to_it_ends(self, support: Client, aino: User) -> None:
        (free,) = free_ones(aino)
        Invitation.objects.create(company=company_of(aino), email="dora@esimerkki.example", license=free)
        do(support, "revoke", free)
        assert not Invitation.objects.exists()
        assert License.objects.filter(pk=free.pk).exists()

    def test_a_revoked_license_is_not_suspended_as_well(self, held: License) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            License.objects.update(revoked_at=timezone.now(), suspended_at=timezone.now())

    def test_it_cannot_be_deleted_instead(self, support: Client, held: License) -> None:
        assert support.post(f"{FOLDER}{held.pk}/delete/", {"post": "yes"}).status_code == 403


class TestLastDay:
    def test_an_ended_license_goes_on(self, support: Client, bo: User, held: License) -> None:
        License.objects.filter(pk=held.pk).update(valid_until=timezone.localdate() - datetime.timedelta(days=1))
        do(support, "set_last_day", held, last_day=IN_A_YEAR)
        held.refresh_from_db()
        assert held.valid_until == IN_A_YEAR
        assert has_valid_license(user=bo)
        assert AuditEntry.objects.get().changes["valid_until"][1] == IN_A_YEAR.isoformat()

    def test_a_day_that_is_over_is_refused(self, support: Client, held: License) -> None:
        page = do(support, "set_last_day", held, last_day=timezone.localdate() - datetime.timedelta(days=1))
        assert "This day is over" in page.content.decode()


class TestHolders:
    def test_handing_over(self, support: Client, aino: User, bo: User, held: License) -> None:
        License.objects.filter(holder=aino).delete()
        do(support, "hand_over", held, heir=aino.pk)
        after = License.objects.get(pk=held.pk)
        assert (after.holder, after.code == held.code) == (aino, False)
        assert not has_valid_license(user=bo)
        assert AuditEntry.objects.get().changes == {"holder": [bo.pk, aino.pk]}

    def test_not_to_somebody_who_has_one(self, support: Client, aino: User, bo: User, held: License) -> None:
        assert "has a valid license already" in do(support, "hand_over", held, heir=aino.pk).content.decode()
        held.refresh_from_db()
        assert held.holder == bo

    def test_not_to_another_company(self, support: Client, cecilia: User, bo: User, held: License) -> None:
        assert "Select a valid choice" in do(support, "hand_over", held, heir=cecilia.pk).content.decode()
        held.refresh_from_db()
        assert held.holder == bo

    def test_releasing(self, support: Client, bo: User, held: License) -> None:
        do(support, "release", held)
        after = License.objects.get(pk=held.pk)
        assert (after.holder, after.redeemed_at, after.code == held.code) == (None, None, False)
        assert AuditEntry.objects.get().changes == {"holder": [bo.pk, None]}


class TestIssuing:
    def issue(self, client: Client, company: Company, **fields: Any) -> Any:
        form = {"company": company.pk, "seats": 3, "valid_until": IN_A_YEAR, "reason": "order by phone", **fields}
        return client.post(f"{FOLDER}add/", form, follow=True)

    def test_a_batch_is_made_and_its_codes_are_shown_to_be_printed(self, support: Client, aino: User) -> None:
        page = self.issue(support, company_of(aino), is_trial="on").content.decode()
        new = License.objects.filter(is_trial=True)
        assert [license_.code in page for license_ in new] == [True, True, True]
        assert {license_.valid_until for license_ in new} == {IN_A_YEAR}
        entry = AuditEntry.objects.get(action="issued")
        assert (entry.company, sorted(entry.changes["licenses"])) == (aino.company, sorted(each.pk for each in new))

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("seats", "0", "greater than or equal to 1"),
            ("seats", "501", "less than or equal to 500"),
            ("valid_until", "2020-01-01", "This day is over"),
            ("reason", "", "This field is required"),
        ],
    )
    def test_what_cannot_be_is_refused(self, support: Client, aino: User, field: str, value: str, says: str) -> None:
        assert says in self.issue(support, company_of(aino), **{field: value}).content.decode()
        assert License.objects.count() == 1

    def test_a_trial_has_an_end(self, support: Client, aino: User) -> None:
        page = self.issue(support, company_of(aino), is_trial="on", valid_until="").content.decode()
        assert "A trial has to end" in page
        with pytest.raises(IntegrityError), transaction.atomic():
            License.objects.create(company=company_of(aino), is_trial=True)

    def test_the_codes_are_mailed(self, support: Client, aino: User, mailoutbox: list[EmailMessage]) -> None:
        self.issue(support, company_of(aino), email="Tilaaja@esimerkki.example")
        assert mailoutbox == []
        (task,) = [entry.task for entry in OrmQ.objects.all() if entry.task["func"] == "calls.tasks.mail_codes"]
        mail_codes(*task["args"])
        (mail,) = mailoutbox
        assert mail.to == ["tilaaja@esimerkki.example"]
        codes = License.objects.free().values_list("code", flat=True)
        assert [code in str(mail.body) for code in codes] == [True, True, True]
        assert AuditEntry.objects.filter(action="mailed", company=company_of(aino)).count() == 1


class TestMailing:
    def test_a_mail_is_sent_once_and_its_address_forgotten(self, bo: User, mailoutbox: list[EmailMessage]) -> None:
        mail = mail_codes_to("a@esimerkki.example", company=company_of(bo), licenses=free_ones(bo), language="en")
        for _time in range(2):
            mail_codes(mail.pk)
        (message,) = mailoutbox
        assert message.subject == "1 license code of Esimerkki Oy for Mustalinja Connector"
        assert not CodeMail.objects.exists()

    def test_a_lost_task_is_made_up_for(self, bo: User, mailoutbox: list[EmailMessage]) -> None:
        mail_codes_to("a@esimerkki.example", company=company_of(bo), licenses=free_ones(bo))
        OrmQ.objects.all().delete()
        mail_invitations_again()
        assert len(mailoutbox) == 1

    def test_a_code_that_is_used_meanwhile_is_not_sent(self, bo: User, mailoutbox: list[EmailMessage]) -> None:
        first, second = free_ones(bo, 2)
        mail = mail_codes_to("a@esimerkki.example", company=company_of(bo), licenses=[first, second])
        License.objects.filter(pk=first.pk).update(holder=bo)
        mail_codes(mail.pk)
        assert first.code not in str(mailoutbox[0].body)
        assert second.code in str(mailoutbox[0].body)

    def test_only_free_licenses_of_one_company(self, support: Client, bo: User, cecilia: User, held: License) -> None:
        others = free_ones(cecilia)
        for chosen in ([held], [*others, *free_ones(bo)]):
            page = do(support, "mail_codes", *chosen, email="a@esimerkki.example")
            assert "Choose free licenses of one company." in page.content.decode()
        assert not CodeMail.objects.exists()
        do(support, "mail_codes", *others, email="a@toinen.example")
        assert CodeMail.objects.get().company == cecilia.company


def test_chosen_codes_are_printed_each_on_a_slip(support: Client, bo: User, held: License) -> None:
    free = free_ones(bo, 2)
    page = press(support, "print_codes", held, *free).content.decode()
    assert page.count('class="slip"') == 3
    assert all(license_.code in page for license_ in free)
    assert held.code not in page


@pytest.mark.parametrize("state", License.State.values)
def test_the_filter_finds_what_the_list_says(support: Client, bo: User, state: str) -> None:
    now, yesterday = timezone.now(), timezone.localdate() - datetime.timedelta(days=1)
    made: list[dict[str, Any]] = [{}, {"holder": bo}, {"valid_until": yesterday}]
    made += [{"suspended_at": now}, {"revoked_at": now}]
    License.objects.all().delete()
    for fields in made:
        License.objects.create(company=company_of(bo), **fields)
    found = support.get(f"{FOLDER}?state={state}").context["cl"].queryset
    assert [license_.state for license_ in found] == [state]
