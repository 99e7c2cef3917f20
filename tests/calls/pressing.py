"""A call's page as a person uses it: reading it, and pressing its buttons."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from django.test import Client

from calls.models import Call
from tests.portal.forms import forms_in


@dataclass(frozen=True)
class Button:
    """What one sees as a button: a form's or a link's."""

    label: str
    method: str
    url: str
    fields: dict[str, str]


def page_of(client: Client, call: Call, *, language: str = "en") -> str:
    page = client.get(f"/calls/{call.reference}/", headers={"accept-language": language})
    assert page.status_code == 200
    return page.content.decode()


def text_of(html: str) -> str:
    """What people read: without marks, in one line."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def outcome_of(html: str) -> str:
    """The part of the page that says what became of the call."""
    return html.partition('id="outcome"')[2].partition("</section>")[0]


def buttons_of(html: str) -> dict[str, Button]:
    """The buttons of what became of the call, by their labels."""
    part = outcome_of(html)
    links = re.findall(r'<a class="button[^"]*" href="([^"]*)">(.*?)</a>', part)
    buttons = [Button(text_of(label).strip(), "get", unescape(url), {}) for url, label in links]
    for form, html_of_form in zip(forms_in(part), re.findall(r"<form.*?</form>", part, re.DOTALL), strict=True):
        label = re.findall(r"<button[^>]*>(.*?)</button>", html_of_form, re.DOTALL)[-1]
        buttons.append(Button(text_of(label).strip(), form.method, form.action, form.fields))
    return {button.label: button for button in buttons}


def press(client: Client, button: Button, **filled_in: str) -> Any:
    """The answer to a button."""
    if button.method == "get":
        return client.get(button.url)
    return client.post(button.url, {**button.fields, **filled_in})
