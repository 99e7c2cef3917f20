"""What a person does in the browser, in English unless a test says otherwise."""

import re
from typing import Any

from django.core.mail import EmailMessage
from django.test import Client

PASSWORD = "kevät-sataa-vettä-42"
LINK = re.compile(r"https?://\S+")


def in_english(client: Client) -> Client:
    """The same browser, asking for English: sentences are compared in one language."""
    client.cookies["django_language"] = "en"
    return client


def sign_up(client: Client, *, email: str, code: str, **options: Any) -> Any:
    """Fill in the sign-up form."""
    fields = {"email": email, "password1": PASSWORD, "password2": PASSWORD, "license_code": code}
    return client.post("/accounts/signup/", fields, **options)


def log_in(client: Client, *, email: str, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password})


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def link_in(message: EmailMessage) -> str:
    """The one link of a mail."""
    found = LINK.findall(str(message.body))
    assert len(found) == 1, message.body
    return str(found[0])


def path_of(link: str) -> str:
    """A link as the test client takes it."""
    return "/" + link.split("/", 3)[3]
