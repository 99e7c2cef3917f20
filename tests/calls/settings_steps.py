"""Steps of the tests that change a company's settings."""

from typing import Any

from django.test import Client

from tests.portal.forms import Form, forms_in

API = "/api/v1/settings/company/"
PAGE = "/settings/company/"
KINDS = ["in_answered", "in_missed", "out_answered", "out_unanswered"]


def patch(client: Client, **body: Any) -> Any:
    return client.patch(API, body, content_type="application/json")


def settings_form(client: Client, path: str = PAGE) -> Form:
    """The form as it stands on the page."""
    return next(form for form in forms_in(client.get(path).content.decode()) if "activity_type" in form.names)


def save(client: Client, form: Form, **values: Any) -> Any:
    """Press the button; a browser sends every ticked box, all of them unless `values` say otherwise."""
    return client.post(PAGE, {**form.fields, "create_person_for": KINDS, **values})
