"""The people of the demo company, who do everything the way people do: with a browser and a mailbox."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.demo.browser import Browser
from sandbox.demo.mailbox import Mailbox
from sandbox.demo.processes import DemoError, Processes

COMPANY = "Esimerkki Oy"
SEATS = 3
PASSWORD = "kuusi-kettua-lumessa"
LOGIN = "/accounts/login/"
SIGNUP = "/accounts/signup/"
OVERVIEW = "/integrations/"
ADMIN = "/admin/"
SECOND_STEP = "/accounts/security/authenticate/"
CONFIRMATION = "/accounts/reauthenticate/"


@dataclass(frozen=True)
class Person:
    """Somebody who logs in."""

    name: str
    email: str
    role: str


AINO = Person("Aino Virtanen", "aino@esimerkki.example", "company admin")
BO = Person("Bo Lindqvist", "bo@esimerkki.example", "rep")
STAFF = Person("SaaShop support", "staff@saashop.example", "staff")


class LicenseCodes:
    """Licence codes of the demo company, issued when the first one is wanted."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self.left: list[str] = []
        self._is_issued = False

    def take(self) -> str:
        """A code that nobody has used."""
        if not self._is_issued:
            self.left = self._processes.manage("issue_licenses", COMPANY, "--seats", str(SEATS)).split()
            self._is_issued = True
        return self.left.pop(0)


@dataclass
class Member:
    """A person of the company at the browser."""

    person: Person
    browser: Browser
    mailbox: Mailbox

    def enter(self, take_code: Callable[[], str]) -> None:
        """Log in; who has no account signs up first, and who has not confirmed the address does so."""
        if self._log_in():
            return
        if self.mailbox.confirmation_link(self.person.email) is None:
            self._sign_up(take_code())
        self._confirm()
        if not (self._is_inside() or self._log_in()):
            raise DemoError(f"{self.person.email} cannot log in after signing up")

    def connect_pipedrive(self) -> None:
        """Press Connect and allow the app on Pipedrive's consent page."""
        consent = self.browser.press("/integrations/pipedrive/connect/", on=OVERVIEW)
        back = self.browser.submit(consent, consent.form_with("user"), user=self.person.email, answer="allow")
        if back.status != 200 or not back.url.startswith(f"{self.browser.site}{OVERVIEW}"):
            raise DemoError(f"{self.person.email} could not connect Pipedrive: {back.url} answered {back.status}")

    def link_mustalinja(self, *, api_key: str, api_secret: str) -> None:
        """Enter the company's Mustalinja credentials; the portal then registers its webhook there."""
        page = self.browser.open("/integrations/mustalinja/")
        self.browser.submit(page, page.form_with("api_key"), api_key=api_key, api_secret=api_secret)

    def _log_in(self) -> bool:
        page = self.browser.open(LOGIN)
        self.browser.submit(page, page.form_with("login"), login=self.person.email, password=PASSWORD)
        return self._is_inside()

    def _is_inside(self) -> bool:
        return self.browser.json("/api/v1/calls/") is not None

    def _sign_up(self, code: str) -> None:
        page = self.browser.open(SIGNUP)
        answers = {"email": self.person.email, "password1": PASSWORD, "password2": PASSWORD, "license_code": code}
        self.browser.submit(page, page.form_with("license_code"), **answers)

    def _confirm(self) -> None:
        link = self.mailbox.confirmation_link(self.person.email)
        if link is None:
            raise DemoError(
                f"No mail asks {self.person.email} to confirm the address. Is there an account with another password "
                "in the database? With another database (DATABASE_URL) or without db.sqlite3 it begins anew."
            )
        page = self.browser.open(link)
        confirmation = next((form for form in page.forms if "confirm-email" in form.action), None)
        if confirmation is None:
            raise DemoError(f"{page.url} shows no form to confirm the address")
        self.browser.submit(page, confirmation)


def ensure_staff(processes: Processes, browser: Browser) -> None:
    """Make the account of support, unless it is there. The second step of logging in is the reader's own affair."""
    if _staff_knows_password(browser):
        return
    secrets = {"DJANGO_SUPERUSER_EMAIL": STAFF.email, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    processes.manage("createsuperuser", "--noinput", **secrets)
    if not _staff_knows_password(browser):
        raise DemoError(f"{STAFF.email} cannot log in at {browser.site}{ADMIN}")


def _staff_knows_password(browser: Browser) -> bool:
    """Whether the password leads on: to a second step, or to setting that up."""
    page = browser.open(ADMIN)
    if page.url.startswith(f"{browser.site}{LOGIN}"):
        page = browser.submit(page, page.form_with("login"), login=STAFF.email, password=PASSWORD)
    return page.url.startswith((f"{browser.site}{SECOND_STEP}", f"{browser.site}{CONFIRMATION}"))
