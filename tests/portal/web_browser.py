"""A browser without a screen: it keeps cookies, follows redirects and fills in forms."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from tests.authenticator_app import code_of
from tests.portal.forms import Form, forms_in
from tests.portal.mailbox import Mailbox
from tests.sandbox.running_sandbox import Json

PASSWORD = "kevät-sataa-vettä-42"
SECONDS_FOR_AN_ANSWER = 30
DEMO_ACCOUNT = ("demo-key", "demo-secret")
"""Credentials that the sandbox's Mustalinja knows."""


@dataclass(frozen=True)
class Page:
    """What the browser shows."""

    url: str
    status: int
    text: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def words(self) -> str:
        """What people read."""
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", self.text)))

    def form(self, *names: str) -> Form:
        """Return the form that has these controls."""
        found = [form for form in forms_in(self.text) if form.names >= set(names)]
        assert found, f"{self.url} ({self.status}) has no form with {names}: {self.words}"
        return found[0]

    def form_to(self, action: str) -> Form:
        """Return the form that is sent to a path; an asterisk at its end stands for anything."""
        found = [form for form in forms_in(self.text) if fnmatch(urlsplit(form.action).path, action)]
        assert found, f"{self.url} ({self.status}) has no form to {action}: {self.words}"
        return found[0]

    def says(self, text: str) -> bool:
        """Whether a text stands on the page as people read it."""
        return text in self.words

    def find(self, pattern: str) -> str | None:
        """Return what a regular expression finds first, or None."""
        found = re.search(pattern, html.unescape(self.text))
        return found.group(0) if found else None


class Browser:
    """One person's browser, which prefers English."""

    def __init__(self, url: str, mailbox: Mailbox) -> None:
        self.url = url
        self.mailbox = mailbox
        self.session = requests.Session()
        self.session.trust_env = False
        # One connection for each request, so that nothing stays open when the test is over.
        self.session.headers.update({"Accept-Language": "en", "Connection": "close"})

    def get(self, path: str, **query: str) -> Page:
        """Open a page of the portal, or any other by its full address."""
        return _page(self.session.get(urljoin(self.url, path), params=query, timeout=SECONDS_FOR_AN_ANSWER))

    def submit(self, page: Page, form: Form, **values: str) -> Page:
        """Send a form with these values and follow where it leads."""
        target = urljoin(page.url, form.action)
        data = {**form.fields, **values}
        headers = {"Referer": page.url}
        return _page(self.session.post(target, data=data, headers=headers, timeout=SECONDS_FOR_AN_ANSWER))

    def press(self, path: str, action: str) -> Page:
        """Open a page and press the button of the form that is sent to `action`."""
        page = self.get(path)
        return self.submit(page, page.form_to(action))

    def sign_up(self, email: str, code: str, *, password: str = PASSWORD) -> Page:
        """Fill in the sign-up form."""
        page = self.get("/accounts/signup/")
        form = page.form("license_code", "password2")
        return self.submit(page, form, email=email, password1=password, password2=password, license_code=code)

    def confirm_email(self, email: str) -> Page:
        """Follow the link in the confirmation mail and press the button there."""
        page = self.get(self.mailbox.wait_for(email, "/accounts/confirm-email/"))
        return self.submit(page, page.form_to("/accounts/confirm-email/*"))

    def log_in(self, email: str, *, password: str = PASSWORD) -> Page:
        """Fill in the login form."""
        page = self.get("/accounts/login/")
        return self.submit(page, page.form("login", "password"), login=email, password=password)

    def log_in_to_admin(self, email: str) -> Page:
        """Log in as support does for the first time: with the password, and then an authenticator app is set up."""
        page = self.get("/admin/")
        page = self.submit(page, page.form("login", "password"), login=email, password=PASSWORD)
        page = self.submit(page, page.form("password"), password=PASSWORD)
        secret = page.find("(?<=<code>)[A-Z2-7]+(?=</code>)")
        assert secret is not None, f"{page.url} shows no key for an authenticator app"
        self.submit(page, page.form("code"), code=code_of(secret))
        return self.get("/admin/")

    def connect_pipedrive(self, user_email: str, *, answer: str = "allow") -> Page:
        """Go to Pipedrive's consent page and answer there as one of its users."""
        consent = self.press("/integrations/", "/integrations/pipedrive/connect/")
        return self.submit(consent, consent.form("client_id", "answer"), user=user_email, answer=answer)

    def disconnect_pipedrive(self) -> Page:
        return self.press("/integrations/", "/integrations/pipedrive/disconnect/")

    def enter_mustalinja_credentials(self, credentials: tuple[str, str] = DEMO_ACCOUNT) -> Page:
        page = self.get("/integrations/mustalinja/")
        key, secret = credentials
        return self.submit(page, page.form("api_key", "api_secret"), api_key=key, api_secret=secret)

    def enter_license(self, code: str) -> Page:
        page = self.get("/accounts/license/")
        return self.submit(page, page.form("license_code"), license_code=code)

    def api(
        self, path: str, method: str = "GET", *, body: Json | None = None, query: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Ask the JSON API, e.g. `api("calls/")`, or the full address that it gave."""
        address = urljoin(f"{self.url}/api/v1/", path)
        headers = {"X-CSRFToken": self.session.cookies.get("csrftoken") or "", "Referer": self.url}
        return self.session.request(
            method, address, params=dict(query or {}), json=body, headers=headers, timeout=SECONDS_FOR_AN_ANSWER
        )

    def calls(self, **filters: str) -> list[Json]:
        """Return the calls of the first page of the history."""
        answer = self.api("calls/", query=filters)
        assert answer.status_code == 200, answer.text
        results: list[Json] = answer.json()["results"]
        return results

    def call(self, external_id: str) -> Json | None:
        """Return the call with Mustalinja's id, if this person sees it among the latest."""
        return next((call for call in self.calls() if call["external_id"] == external_id), None)

    def change(self, path: str, **changes: Any) -> None:
        """Change settings by the JSON API."""
        answer = self.api(path, "PATCH", body=changes)
        assert answer.status_code == 200, answer.text


def _page(answer: requests.Response) -> Page:
    return Page(answer.url, answer.status_code, answer.text)
