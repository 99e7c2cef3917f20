"""A browser as far as the demonstration needs one: cookies, redirects, forms with their hidden fields."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

from sandbox.demo.processes import DemoError

TIMEOUT_SECONDS = 20
TOKEN = "csrfmiddlewaretoken"


@dataclass
class Form:
    """A form of a page: where it goes, and its named fields with what stands in them."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """What came back, after redirects."""

    url: str
    status: int
    forms: list[Form]

    def form_with(self, name: str) -> Form:
        """The form that has a field of this name."""
        for form in self.forms:
            if name in form.fields:
                return form
        raise DemoError(f"{self.url} (status {self.status}) shows no form with the field {name}")


class _FormReader(HTMLParser):
    """Collects forms. A button is no field: it is sent only when pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", "")))
            self._is_inside = True
        elif self._is_inside and tag in ("input", "select", "textarea") and "name" in values:
            self.forms[-1].fields.setdefault(values["name"], values.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False


class Browser:
    """One person's browser, set to English."""

    def __init__(self, site: str) -> None:
        self.site = site
        self._http = local_session()
        self._http.headers["Accept-Language"] = "en"

    def open(self, path: str) -> Page:
        """Open an address, of this site or a full one."""
        return _page(self._send("GET", urljoin(self.site, path)))

    def submit(self, page: Page, form: Form, **values: str) -> Page:
        """Fill in a form and send it."""
        url = urljoin(page.url, form.action)
        return _page(self._send("POST", url, data=form.fields | values, headers={"Referer": page.url}))

    def press(self, path: str, *, on: str) -> Page:
        """Press the button of a page that posts to `path` and carries nothing."""
        page = self.open(on)
        return self.submit(page, Form(urljoin(self.site, path), {TOKEN: page.form_with(TOKEN).fields[TOKEN]}))

    def json(self, path: str) -> Any:
        """Read JSON; None when the portal refuses."""
        answer = self._send("GET", urljoin(self.site, path), headers={"Accept": "application/json"})
        return answer.json() if answer.ok else None

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            answer = self._http.request(method, url, timeout=TIMEOUT_SECONDS, **options)
        except requests.RequestException as error:
            raise DemoError(f"{method} {url} got no answer: {error}") from error
        if answer.status_code >= 500:
            raise DemoError(f"{method} {url} was answered {answer.status_code}")
        return answer


def local_session() -> requests.Session:
    """A session for servers on this machine: the machine's proxy, if it has one, cannot reach them."""
    session = requests.Session()
    session.trust_env = False
    return session


def is_well(url: str) -> bool:
    """Whether a server answers at all, and with success."""
    try:
        return local_session().get(url, timeout=TIMEOUT_SECONDS).ok
    except requests.RequestException:
        return False


def _page(answer: requests.Response) -> Page:
    reader = _FormReader()
    reader.feed(answer.text)
    return Page(answer.url, answer.status_code, reader.forms)
