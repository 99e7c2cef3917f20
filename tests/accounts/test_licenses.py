"""Licence codes: issued by a command, typed by people, redeemed by one person each, valid through their last day."""

import datetime
import io
import re
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as portal_settings
from django.core.management import CommandError, call_command
from django.utils import timezone, translation
from pytest_django import Settings

from accounts.licenses import (
    LicenseRefusedError,
    find_free_license,
    has_valid_license,
    issue_licenses,
    normalize_code,
    redeem_license,
    subscription_end,
)
from accounts.models import Company, License, User

CODE = re.compile(r"[2-9A-HJKMNP-Z]{4}(-[2-9A-HJKMNP-Z]{4}){3}")
DAY = datetime.timedelta(days=1)


def issued(*arguments: str) -> list[str]:
    """What the command prints, line by line."""
    out = io.StringIO()
    call_command("issue_licenses", *arguments, stdout=out)
    assert out.getvalue().endswith("\n")
    return out.getvalue().removesuffix("\n").split("\n")


@pytest.mark.django_db
class TestCommand:
    @pytest.mark.parametrize("seats", [1, 3, 250])
    def test_it_prints_one_code_a_line_and_nothing_else(self, seats: int) -> None:
        lines = issued("Uusi Oy", "--seats", str(seats))
        assert len(lines) == seats == len(set(lines))
        assert all(CODE.fullmatch(line) for line in lines)
        assert set(License.objects.values_list("code", flat=True)) == set(lines)

    def test_it_makes_a_company_that_is_new(self) -> None:
        issued(" Uusi Oy ", "--seats", "2")
        assert Company.objects.get().name == "Uusi Oy"
        assert License.objects.filter(company__name="Uusi Oy", valid_until=None, holder=None).count() == 2

    @pytest.mark.parametrize("name", ["Uusi Oy", "uusi oy", "UUSI OY "])
    def test_it_adds_to_a_company_that_exists(self, name: str) -> None:
        issued("Uusi Oy", "--seats", "1")
        issued(name, "--seats", "1")
        assert Company.objects.get().licenses.count() == 2

    def test_finnish_letters_have_no_case_either(self) -> None:
        issued("Äänikirjat Öberg Oy", "--seats", "1")
        issued("äänikirjat öberg oy", "--seats", "1")
        assert Company.objects.get().licenses.count() == 2

    def test_until_is_the_last_day(self) -> None:
        issued("Uusi Oy", "--seats", "1", "--until", "2027-06-30")
        assert License.objects.get().valid_until == datetime.date(2027, 6, 30)

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("Uusi Oy",),
            ("", "--seats", "1"),
            ("   ", "--seats", "1"),
            ("Uusi Oy", "--seats", "0"),
            ("Uusi Oy", "--seats", "-3"),
            ("Uusi Oy", "--seats", "two"),
            ("Uusi Oy", "--seats", "1.5"),
            ("Uusi Oy", "--seats", "1", "--until", "30.6.2027"),
            ("Uusi Oy", "--seats", "1", "--until", "2027-02-30"),
            ("Uusi Oy", "--seats", "1", "--until", ""),
            ("x" * 201, "--seats", "1"),
        ],
    )
    def test_bad_arguments_are_told_and_issue_nothing(self, arguments: tuple[str, ...]) -> None:
        with pytest.raises(CommandError):
            issued(*arguments)
        assert not Company.objects.exists()
        assert not License.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        "7K2M-QX9R-4HTB-WCPE",
        "7k2m-qx9r-4htb-wcpe",
        "7K2MQX9R4HTBWCPE",
        " 7K2M QX9R 4HTB WCPE ",
        "7k2m - qx9r – 4htb — wcpe",
        "7K2M-QX9R-4HTB-WCPE.",
        "7K2M\u00a0QX9R\u20114HTB\tWCPE",
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert normalize_code(typed) == "7K2M-QX9R-4HTB-WCPE"


def free_code(*, until: datetime.date | None = None, company: str = "Uusi Oy") -> str:
    code: str = issue_licenses(company_name=company, seats=1, valid_until=until)[0].code
    return code


def refusal(code: str) -> str:
    with translation.override("en"), pytest.raises(LicenseRefusedError) as refused:
        find_free_license(code=code)
    return refused.value.message


@pytest.mark.django_db
class TestRefusals:
    @pytest.mark.parametrize("code", ["", "-", "7K2M-QX9R-4HTB-WCPE", "0000", "ÅÄÖ", "x" * 64, "' OR 1=1 --"])
    def test_an_unknown_code_is_refused(self, code: str) -> None:
        free_code()
        assert "no such license code" in refusal(code)

    def test_a_used_code_is_refused(self, aino: User) -> None:
        assert "already in use" in refusal(License.objects.get(holder=aino).code)

    def test_an_expired_code_is_refused(self) -> None:
        assert "has expired" in refusal(free_code(until=timezone.localdate() - DAY))

    def test_a_used_and_expired_code_is_said_to_be_in_use(self, aino: User) -> None:
        License.objects.update(valid_until=timezone.localdate() - DAY)
        assert "already in use" in refusal(License.objects.get().code)

    def test_a_code_is_redeemed_by_one_person_only(self, aino: User, cecilia: User) -> None:
        code = free_code()
        redeem_license(user=aino, code=code)
        with pytest.raises(LicenseRefusedError):
            redeem_license(user=cecilia, code=code)
        assert License.objects.get(code=code).holder == aino


@pytest.mark.django_db
class TestLastDay:
    def test_days_are_those_of_helsinki(self) -> None:
        assert portal_settings.TIME_ZONE == "Europe/Helsinki"
        assert timezone.localdate() == datetime.datetime.now(ZoneInfo("Europe/Helsinki")).date()

    # At every moment one of these two has another date than UTC, so a day counted in UTC would be found out.
    @pytest.mark.parametrize("zone", ["Europe/Helsinki", "Pacific/Kiritimati", "Etc/GMT+12"])
    def test_the_last_day_counts_whole(self, aino: User, settings: Settings, zone: str) -> None:
        settings.TIME_ZONE = zone
        today = datetime.datetime.now(ZoneInfo(zone)).date()
        assert find_free_license(code=free_code(until=today)).valid_until == today
        assert "has expired" in refusal(free_code(until=today - DAY))
        License.objects.filter(holder=aino).update(valid_until=today)
        assert has_valid_license(user=aino)
        License.objects.filter(holder=aino).update(valid_until=today - DAY)
        assert not has_valid_license(user=aino)

    @pytest.mark.parametrize(
        ("moment", "valid"),
        [
            ("2027-06-30T20:59:59+00:00", True),
            ("2027-06-30T21:00:00+00:00", False),  # midnight of summer in Helsinki
            ("2027-07-01T00:00:01+00:00", False),
        ],
    )
    def test_a_summer_day_ends_at_midnight_in_helsinki(self, aino: User, moment: str, valid: bool) -> None:  # noqa: FBT001
        License.objects.update(valid_until=datetime.date(2027, 6, 30))
        day = timezone.localdate(datetime.datetime.fromisoformat(moment))
        assert License.objects.held_by(aino).valid(day).exists() is valid

    @pytest.mark.parametrize(
        ("moment", "valid"),
        [
            ("2026-12-31T21:59:59+00:00", True),
            ("2026-12-31T22:00:00+00:00", False),  # midnight of winter in Helsinki
            ("2027-01-01T00:00:01+00:00", False),
        ],
    )
    def test_a_winter_day_ends_at_midnight_in_helsinki(self, aino: User, moment: str, valid: bool) -> None:  # noqa: FBT001
        License.objects.update(valid_until=datetime.date(2026, 12, 31))
        day = timezone.localdate(datetime.datetime.fromisoformat(moment))
        assert License.objects.held_by(aino).valid(day).exists() is valid


@pytest.mark.django_db
class TestSubscription:
    def test_the_later_end_wins(self, aino: User) -> None:
        today = timezone.localdate()
        License.objects.update(valid_until=today + 10 * DAY)
        redeem_license(user=aino, code=free_code(until=today + 90 * DAY, company="Esimerkki Oy"))
        redeem_license(user=aino, code=free_code(until=today + 30 * DAY, company="Esimerkki Oy"))
        assert subscription_end(user=aino) == today + 90 * DAY

    def test_a_license_without_end_has_none(self, aino: User) -> None:
        redeem_license(user=aino, code=free_code(until=timezone.localdate(), company="Esimerkki Oy"))
        assert subscription_end(user=aino) is None
        assert has_valid_license(user=aino)

    def test_another_companys_license_is_not_in_force(self, aino: User) -> None:
        redeem_license(user=aino, code=free_code(until=timezone.localdate(), company="Toinen Oy"))
        assert aino.company is not None
        assert aino.company.name == "Toinen Oy"
        License.objects.filter(company=aino.company).update(valid_until=timezone.localdate() - DAY)
        assert not has_valid_license(user=aino)
