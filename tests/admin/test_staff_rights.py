"""Nobody at the desk gives themselves more rights, or gets at an account that has more."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client

from accounts.models import Company, User
from support.roles import ROLES
from tests.admin.desk import ADMINISTRATOR, LEAD, SUPPORT, staff_with
from tests.admin.test_people_and_licenses import fields_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
PEOPLE = "/admin/accounts/user/"
EVERYTHING = {"is_staff": "on", "is_superuser": "on", "is_active": "on", "is_company_admin": "on"}


def page_of(person: User) -> str:
    return f"{PEOPLE}{person.pk}/change/"


def state_of(person: User) -> list[Any]:
    person = User.objects.get(pk=person.pk)
    rights = [set(person.groups.values_list("name", flat=True)), set(person.user_permissions.all())]
    return [person.email, person.password, person.is_active, person.is_staff, person.is_superuser, *rights]


@pytest.mark.parametrize("role", [SUPPORT, LEAD])
def test_support_and_leads_change_no_account_of_staff_not_even_their_own(role: str, browser_of: Browser) -> None:
    one, other = staff_with(role), staff_with(SUPPORT, name="other")
    client = browser_of(one)
    for person in (one, other):
        before = state_of(person)
        password = {"password1": "uusi-salasana-7788", "password2": "uusi-salasana-7788"}
        assert client.post(page_of(person), fields_of(person, **EVERYTHING)).status_code == 403
        assert client.post(f"{PEOPLE}{person.pk}/password/", password).status_code == 403
        assert client.post(f"{PEOPLE}{person.pk}/delete/", {"post": "yes"}).status_code == 403
        assert state_of(person) == before


@pytest.mark.parametrize("role", [SUPPORT, LEAD, ADMINISTRATOR])
def test_a_superusers_account_is_open_to_superusers_only(role: str, staff: User, browser_of: Browser) -> None:
    client, before = browser_of(staff_with(role)), state_of(staff)
    assert client.post(page_of(staff), fields_of(staff, email="mine@saashop.example")).status_code == 403
    assert client.post(f"{PEOPLE}{staff.pk}/password/", {}).status_code == 403
    assert client.post(f"{PEOPLE}{staff.pk}/delete/", {"post": "yes"}).status_code == 403
    assert state_of(staff) == before


def test_support_changes_the_name_of_a_customer_and_nothing_else(bo: User, browser_of: Browser) -> None:
    before = state_of(bo)
    other = Company.objects.create(name="Uusi Oy")
    wanted = fields_of(bo, first_name="Bo-Erik", email="x@y.example", company=str(other.pk), **EVERYTHING)
    client = browser_of(staff_with(SUPPORT))
    assert client.post(page_of(bo), wanted).status_code == 302
    after = User.objects.get(pk=bo.pk)
    assert (after.first_name, after.company, after.is_company_admin) == ("Bo-Erik", bo.company, False)
    assert state_of(bo) == before
    assert "password" not in client.get(page_of(bo)).content.decode().partition("<form")[2].partition("</form>")[0]


def test_a_lead_makes_a_customer_company_admin_but_nobody_staff(bo: User, browser_of: Browser) -> None:
    group = Group.objects.get(name=ADMINISTRATOR)
    wanted = fields_of(bo, groups=str(group.pk), **EVERYTHING)
    assert browser_of(staff_with(LEAD)).post(page_of(bo), wanted).status_code == 302
    after = User.objects.get(pk=bo.pk)
    assert (after.is_company_admin, after.is_staff, after.is_superuser, after.groups.count()) == (True, False, False, 0)


def test_an_administrator_gives_roles_and_no_other_right(browser_of: Browser) -> None:
    person = User.objects.create_user("uusi@saashop.example")
    client = browser_of(staff_with(ADMINISTRATOR))
    strange = Group.objects.create(name="everything")
    right = Permission.objects.get(codename="change_schedule")
    for group, is_given in ((strange, False), (Group.objects.get(name=SUPPORT), True)):
        wanted = fields_of(person, company="", is_staff="on", is_superuser="on", groups=str(group.pk))
        client.post(page_of(person), wanted | {"user_permissions": str(right.pk)})
        after = User.objects.get(pk=person.pk)
        assert (after.is_staff, after.is_superuser, after.user_permissions.count()) == (is_given, False, 0)
        assert list(after.groups.all()) == ([group] if is_given else [])


def test_the_second_step_of_staff_is_taken_away_by_administrators_only(bo: User, browser_of: Browser) -> None:
    lead, administrator = browser_of(staff_with(LEAD)), browser_of(staff_with(ADMINISTRATOR))
    other = staff_with(SUPPORT)
    browser_of(other)
    Authenticator.objects.create(user=bo, type=Authenticator.Type.TOTP, data={})
    for person, client, status in ((other, lead, 403), (bo, lead, 302), (other, administrator, 302)):
        step = Authenticator.objects.get(user=person)
        answer = client.post(f"/admin/mfa/authenticator/{step.pk}/delete/", {"post": "yes"})
        assert answer.status_code == status
        assert Authenticator.objects.filter(user=person).exists() is (status == 403)


def test_a_lead_cannot_delete_the_second_step_of_staff_among_others(bo: User, browser_of: Browser) -> None:
    lead, other = browser_of(staff_with(LEAD)), staff_with(SUPPORT)
    browser_of(other)
    Authenticator.objects.create(user=bo, type=Authenticator.Type.TOTP, data={})
    chosen = list(Authenticator.objects.filter(user__in=(bo, other)).values_list("pk", flat=True))
    fields = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    lead.post("/admin/mfa/authenticator/", fields)
    assert Authenticator.objects.filter(pk__in=chosen).count() == 2


def test_a_lead_confirms_emails_of_customers_only(bo: User, browser_of: Browser) -> None:
    other = staff_with(SUPPORT)
    addresses = [EmailAddress.objects.create(user=person, email=f"2{person.email}") for person in (bo, other)]
    fields = {"action": "make_verified", "_selected_action": [each.pk for each in addresses]}
    browser_of(staff_with(LEAD)).post("/admin/account/emailaddress/", fields)
    assert [EmailAddress.objects.get(pk=each.pk).verified for each in addresses] == [True, False]


def test_migrating_brings_the_roles_back_to_the_table() -> None:
    group = Group.objects.get(name=SUPPORT)
    group.permissions.clear()
    group.permissions.add(Permission.objects.get(codename="delete_user"))
    Permission.objects.filter(codename="mend_call").delete()
    call_command("migrate", verbosity=0)
    for role, wanted in ROLES.items():
        given = Permission.objects.filter(group__name=role).select_related("content_type")
        assert {f"{each.content_type.app_label}.{each.codename}" for each in given} == wanted


def test_each_right_of_the_table_is_one_of_a_model() -> None:
    known = set()
    for model in apps.get_models():
        options = model._meta
        known |= {f"{options.app_label}.{action}_{options.model_name}" for action in options.default_permissions}
        known |= {f"{options.app_label}.{codename}" for codename, _name in options.permissions}
    assert set().union(*ROLES.values()) <= known
