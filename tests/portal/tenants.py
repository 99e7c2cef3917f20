"""Companies and people of a test's own, made as customers come to be: a licence, a sign-up, a confirmed email."""

import itertools
import json
import uuid
from typing import Any

import requests

from tests.calls.events import ended_call, signed
from tests.portal.running_portal import Portal
from tests.portal.web_browser import Browser, Page
from tests.sandbox.running_sandbox import Json, wait_until

WEBHOOK_ADDRESS = r"http://[^\s<\"]+/webhooks/mustalinja/[^\s<\"/]+/"
SECRET = r"whsec_[A-Za-z0-9+/=]+"
SECONDS_TO_LOG = 60

_numbers = itertools.count(1)


def new_number() -> str:
    """Return a Finnish mobile number that nobody has yet."""
    return f"+35840{2000000 + next(_numbers)}"


class Person:
    """Somebody with a browser, an account and a user in Pipedrive."""

    def __init__(self, portal: Portal, email: str) -> None:
        self.portal = portal
        self.email = email
        self.browser: Browser = portal.browser()
        self.pipedrive_user: Json = {}

    def join(self, code: str) -> None:
        """Sign up, confirm the email and be logged in."""
        self.browser.sign_up(self.email, code)
        assert self.browser.confirm_email(self.email).path == "/integrations/"

    def add_to_pipedrive(self, *, name: str = "", admin: bool = False, **fields: Any) -> None:
        """Be a user in Pipedrive: of Esimerkki Oy, unless `company_id` names another company."""
        shown = name or self.email.partition("@")[0].capitalize()
        order: Json = {"name": shown, "email": self.email, "admin": admin, **fields}
        self.pipedrive_user = self.portal.sandbox.order("pipedrive/control/users", **order)

    def connect(self) -> Page:
        """Connect Pipedrive, with the user of the same email."""
        if not self.pipedrive_user:
            self.add_to_pipedrive()
        page = self.browser.connect_pipedrive(self.email)
        assert page.path == "/integrations/", page.url
        return page

    def wait_for_contacts(self) -> None:
        """Return once the persons of Pipedrive have been read, so that nothing else asks for them any more."""

        def are_read() -> bool:
            page = self.browser.get("/integrations/")
            return page.says("is looked up among") or page.says("henkilön joukosta")

        wait_until(are_read, SECONDS_TO_LOG)

    def wait_for_call(self, external_id: str, reason: str, seconds: float = SECONDS_TO_LOG) -> Json:
        """Return a call once it has a reason."""
        seen: list[Json | None] = [None]

        def has_come() -> bool:
            seen[0] = self.browser.call(external_id)
            return seen[0] is not None and seen[0]["reason"] == reason

        try:
            wait_until(has_come, seconds)
        except AssertionError:
            raise AssertionError(f"{external_id} is not {reason} but {seen[0]}") from None
        assert seen[0] is not None
        return seen[0]


class Tenant:
    """A company of the test's own.

    Attributes:
        domain: of the emails of its people; its own, so that no test meets the people of another.
    """

    def __init__(self, portal: Portal, *, seats: int, domain: str = "") -> None:
        self.portal = portal
        self.domain = domain or f"yritys-{uuid.uuid4().hex[:8]}.example"
        self.name = f"{self.domain.partition('.')[0].capitalize()} Oy"
        self.codes = portal.issue_licenses(self.name, seats) if seats else []
        self.webhook_url = ""
        self.secret = ""

    def person(self, name: str) -> Person:
        """Return somebody who has no account yet."""
        return Person(self.portal, f"{name}@{self.domain}")

    def join(self, name: str) -> Person:
        """Return somebody who has signed up; the first of the company is its admin."""
        person = self.person(name)
        person.join(self.codes.pop())
        return person

    def link_mustalinja(self, admin: Person) -> None:
        """Enter the credentials and keep the webhook's address and secret."""
        page = admin.browser.enter_mustalinja_credentials()
        url, secret = page.find(WEBHOOK_ADDRESS), page.find(SECRET)
        assert url is not None, page.text
        assert secret is not None, page.text
        self.webhook_url, self.secret = url, secret

    def event(self, rep: Person | str, **changes: Any) -> Json:
        """Return an ended call of a rep, answered, from a number that nobody has unless `changes` say otherwise."""
        email = rep if isinstance(rep, str) else rep.email
        user = {"id": "u-7", "email": email, "number": "+358501112222"}
        return ended_call(**{"user": user, "from_": new_number(), **changes})

    def send(self, event: Json) -> requests.Response:
        """Send an event as Mustalinja does."""
        body = json.dumps(event).encode()
        headers = {"Content-Type": "application/json", "Connection": "close", **signed(self.secret, body)}
        return requests.post(self.webhook_url, data=body, headers=headers, timeout=30)

    def ring(self, rep: Person | str, **changes: Any) -> str:
        """Let a call end and return Mustalinja's id of it, once the portal has taken it."""
        event = self.event(rep, **changes)
        answer = self.send(event)
        assert answer.status_code == 202, answer.text
        call_id: str = event["call_id"]
        return call_id

    def contact(self, number: str, name: str = "Eero Mäkinen", **fields: Any) -> Json:
        """Add a person with a number to Pipedrive."""
        order = {"name": name, "phones": [number], **fields}
        added: Json = self.portal.sandbox.order("pipedrive/control/persons", **order)["persons"][0]
        return added

    def activities_of(self, contact: Json) -> list[Json]:
        """Return the activities that Pipedrive shows under a person."""
        activities = self.portal.sandbox.state("activities")["activities"]
        return [each for each in activities if each["person_id"] == contact["id"]]


def ready_tenant(portal: Portal, *, seats: int = 1) -> tuple[Tenant, Person]:
    """Return a company whose admin has connected everything."""
    tenant = Tenant(portal, seats=seats)
    admin = tenant.join("aino")
    admin.connect()
    tenant.link_mustalinja(admin)
    admin.wait_for_contacts()
    return tenant, admin
