"""Who may open and do what in the admin: every address and every action against every role.

Addresses and actions come from the admin itself, so a new one without a line here fails. The portal's own addresses
are in tests/test_access.py.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.admin import ModelAdmin, site
from django.test import Client
from django.urls import URLResolver, reverse

from accounts.models import Company, User
from support.mends import MENDS
from tests.admin.desk import ADMINISTRATOR, LEAD, SUPPORT, staff_with
from tests.admin.populated import one_of_each

pytestmark = pytest.mark.django_db

# Who may: from this role on. `support` may do the least; `-`: nobody, not even a superuser.
S, L, A, U, NOBODY = "support", "lead", "administrator", "superuser", "-"
DESK = (S, L, A, U)
OUTSIDE = ("anonymous", "rep", "company admin")
BY_LETTER = {"s": S, "l": L, "a": A, "u": U, "-": NOBODY}

LICENSE_DEEDS = dict.fromkeys(
    ("suspend", "resume", "revoke", "set_last_day", "hand_over", "release", "mail_codes", "print_codes"), L
)
# Model: from whom on it may be looked at, added, changed, deleted; then its actions.
MODELS: dict[str, tuple[str, dict[str, str]]] = {
    "account.emailaddress": ("s---", {"make_verified": L}),
    "accounts.auditentry": ("s---", {}),
    "accounts.company": ("sll-", {"delete_selected": A}),
    "accounts.license": ("sl--", LICENSE_DEEDS),
    "accounts.order": ("s---", {}),
    "accounts.user": ("sas-", {"delete_selected": A}),
    "calls.book": ("s---", {"count_again": S}),
    "calls.call": ("s---", {"send_again": S}),
    "calls.drift": ("s---", {"mark_as_known": S}),
    "calls.followup": ("s---", {}),
    "calls.loggingpolicy": ("slla", {}),
    "calls.newperson": ("s---", {}),
    "calls.numberchoice": ("s--l", {}),
    "calls.ownnumber": ("s-l-", {}),
    "calls.plannedcall": ("s---", {}),
    "calls.resend": ("s---", {}),
    "calls.webhookdelivery": ("s---", {"parse_again": S, "make_lost_call": S}),
    "calls.workerheartbeat": ("s---", {}),
    "django_q.failure": ("a-uu", {"resubmit_task": U}),
    "django_q.ormq": ("a-uu", {}),
    "django_q.schedule": ("auuu", {}),
    "django_q.success": ("a-uu", {"resubmit_task": U}),
    "integrations.backfill": ("s---", {}),
    "integrations.contactindex": ("s---", {"read_anew": S}),
    "integrations.mustalinjaaccount": ("s-l-", {"fetch_missing_calls": S}),
    "integrations.pendingrevocation": ("s---", {}),
    "integrations.pipedriveaccount": ("s---", {}),
    "integrations.pipedriveconnection": ("s---", {}),
    "integrations.pipedrivesubscription": ("s---", {}),
    "integrations.tokenspending": ("s---", {}),
    "mfa.authenticator": ("s-ul", {}),
    "support.retentionreport": ("s---", {}),
}
# Every other address of the admin by its name: an example of it, and from whom on it opens.
PAGES: dict[str, tuple[str, str]] = {
    "index": ("/admin/", S),
    "password_change": ("/admin/password_change/", S),
    "password_change_done": ("/admin/password_change/done/", S),
    "autocomplete": ("/admin/autocomplete/?app_label=accounts&model_name=license&field_name=company", S),
    "jsi18n": ("/admin/jsi18n/", S),
    "view_on_site": ("/admin/r/{content_type}/{user}/", S),
    "app_list": ("/admin/calls/", S),
    "auth_user_password_change": ("/admin/accounts/user/{user}/password/", L),
    "accounts_license_codes": ("/admin/accounts/license/codes/", S),
    "calls_call_reveal": ("/admin/calls/call/{call}/reveal/", S),
    "calls_webhookdelivery_reveal": ("/admin/calls/webhookdelivery/{webhookdelivery}/reveal/", S),
    "calls_loggingpolicy_reveal": ("/admin/calls/loggingpolicy/{loggingpolicy}/reveal/", S),
    "calls_followup_reveal": ("/admin/calls/followup/{followup}/reveal/", S),
    "calls_plannedcall_reveal": ("/admin/calls/plannedcall/{plannedcall}/reveal/", S),
    "calls_newperson_reveal": ("/admin/calls/newperson/{newperson}/reveal/", S),
    "calls_numberchoice_reveal": ("/admin/calls/numberchoice/{numberchoice}/reveal/", S),
    "calls_ownnumber_reveal": ("/admin/calls/ownnumber/{ownnumber}/reveal/", S),
    "support_erase_person": ("/admin/support/people/{user}/erase/", A),
    "support_erase_company": ("/admin/support/companies/{company}/erase/", A),
    "support_export_company": ("/admin/support/companies/{company}/export/", A),
    "support_export_person": ("/admin/support/people/{user}/export/", A),
    "support_export_file": ("/admin/support/exports/00000000-0000-0000-0000-000000000000.zip", A),
    "support_numbers": ("/admin/support/numbers/", A),
    "support_search": ("/admin/support/search/?q=oy", S),
    "support_licenses_csv": ("/admin/support/licenses.csv", L),
    "support_licenses_xlsx": ("/admin/support/licenses.xlsx", L),
    "support_licenses_import": ("/admin/support/licenses/import/", L),
    "support_company": ("/admin/support/companies/{company}/", S),
    "support_note": ("/admin/support/companies/{company}/notes/", S),
    "support_mend": ("/admin/support/companies/{company}/mend/suspend/", L),
    "support_view_as": ("/admin/support/people/{user}/view/", S),
    "support_end_view": ("/admin/support/view/end/", S),
    "(?P<url>.*)$": ("/admin/no-such-page/", S),
}
# Every button on a company's page.
MENDS_FROM = {"calls": S, "persons": S, "missing": S, "suspend": L, "resume": L}
OPEN_TO_ALL = {"login", "logout"}
"""Whoever may not enter is led on or refused by the log-in itself (tests/admin/test_staff_login.py)."""
OF_A_MODEL = ("changelist", "add", "change", "delete", "history", "")
ACTION = re.compile(r'<option value="(\w+)">')
Browser = Callable[[User], Client]


@pytest.fixture
def browsers(aino: User, bo: User, staff: User, browser_of: Browser) -> dict[str, Client]:
    """One browser for each role."""
    desk = {S: staff_with(SUPPORT), L: staff_with(LEAD), A: staff_with(ADMINISTRATOR), U: staff}
    people = {"rep": bo, "company admin": aino, **desk}
    return {"anonymous": Client(), **{role: browser_of(person) for role, person in people.items()}}


def names(patterns: list[Any]) -> Iterator[str]:
    """The names of all addresses; the old ones of a row's page, which have none, are given by their pattern."""
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from names(each.url_patterns)
        else:
            yield each.name or str(each.pattern)


def admin_of(label: str) -> ModelAdmin[Any]:
    return next(shown for model, shown in site._registry.items() if model._meta.label_lower == label)


def may(role: str, beginning_with: str) -> bool:
    """Whether a role of the desk is the one with which a right begins, or has more."""
    return beginning_with != NOBODY and DESK.index(role) >= DESK.index(beginning_with)


def test_every_model_address_and_action_of_the_admin_has_a_rule() -> None:
    assert {model._meta.label_lower for model in site._registry} == set(MODELS)
    of_models = {f"{label.replace('.', '_')}_{page}" for label in MODELS for page in OF_A_MODEL if page}
    assert set(names(site.get_urls())) - of_models - {"<path:object_id>/"} == set(PAGES) | OPEN_TO_ALL
    for label, (_rights, actions) in MODELS.items():
        made = {name for _function, name, _text in admin_of(label)._get_base_actions()}  # type: ignore[attr-defined]
        assert made - {"delete_selected"} == set(actions) - {"delete_selected"}, label


def asked(browsers: dict[str, Client], path: str) -> dict[str, str]:
    """What becomes of each role that opens a page: it opens, it is refused, or it leads to the log-in."""
    got = {}
    for role, browser in browsers.items():
        answer = browser.get(path)
        to_login = answer.status_code == 302 and answer["Location"].startswith("/admin/login/?next=")
        got[role] = "login" if to_login else {403: "refused"}.get(answer.status_code, "open")
    return got


def expected(beginning_with: str) -> dict[str, str]:
    desk = {role: "open" if may(role, beginning_with) else "refused" for role in DESK}
    return dict.fromkeys(OUTSIDE, "login") | desk


@pytest.mark.parametrize("label", MODELS)
def test_pages_and_actions_of_a_model_are_for_whom_the_table_says(label: str, browsers: dict[str, Client]) -> None:
    shown, row = admin_of(label), one_of_each()[admin_of(label).model]
    looks, adds, changes, deletes = (BY_LETTER[letter] for letter in MODELS[label][0])
    folder = reverse(f"admin:{label.replace('.', '_')}_changelist")
    for page, begins in (("", looks), ("add/", adds), ("{pk}/change/", looks), ("{pk}/history/", looks)):
        assert asked(browsers, folder + page.format(pk=row.pk)) == expected(begins), page
    assert asked(browsers, f"{folder}{row.pk}/delete/") == expected(deletes)
    for role in DESK:
        saved = "_save" in browsers[role].get(f"{folder}{row.pk}/change/").content.decode()
        assert saved is may(role, changes), role
        assert actions_for(browsers[role], folder) == allowed_actions(shown, label, role, deletes), role


def actions_for(browser: Client, folder: str) -> set[str]:
    """The actions that the list offers to somebody."""
    form = browser.get(folder).content.decode().partition('name="action"')[2].partition("</select>")[0]
    return set(ACTION.findall(form))


def allowed_actions(shown: ModelAdmin[Any], label: str, role: str, deletes: str) -> set[str]:
    actions = {name for name, begins in MODELS[label][1].items() if may(role, begins)}
    offered = may(role, deletes) and may(role, BY_LETTER[MODELS[label][0][0]])
    return actions | ({"delete_selected"} if offered else set())


@pytest.mark.parametrize("name", PAGES)
def test_other_addresses_are_for_whom_the_table_says(name: str, browsers: dict[str, Client]) -> None:
    path, begins = PAGES[name]
    rows = one_of_each()
    keys = {str(model._meta.model_name): row.pk for model, row in rows.items()} | {"content_type": 1}
    assert asked(browsers, path.format(**keys)) == expected(begins)


def test_the_buttons_of_a_companys_page_are_for_whom_the_table_says(browsers: dict[str, Client]) -> None:
    assert set(MENDS) == set(MENDS_FROM)
    page = f"/admin/support/companies/{one_of_each()[Company].pk}/"
    for name, begins in MENDS_FROM.items():
        assert asked(browsers, f"{page}mend/{name}/") == expected(begins), name
    for role in DESK:
        shown = set(re.findall(rf"{page}mend/(\w+)/", browsers[role].get(page).content.decode()))
        assert shown == {name for name, begins in MENDS_FROM.items() if may(role, begins)} - {"resume"}, role
