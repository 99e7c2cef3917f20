"""A delivery held against the shape that is known, in plain words for support."""

from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.masking import masked_text
from calls.models import WebhookDelivery
from integrations.mustalinja.shape import compare

EXPECTED = {
    "text": gettext_lazy("text of at most 255 characters"),
    "direction": gettext_lazy("in or out"),
    "flag": gettext_lazy("true or false"),
    "result": gettext_lazy("answered, missed, busy, rejected, cancelled or failed"),
    "number": gettext_lazy("a phone number, or nothing when it is hidden"),
    "user": gettext_lazy("an object with id, email and number"),
    "time": gettext_lazy("a time since 2000 and not in the future, such as 2026-03-01T09:00:00+02:00"),
    "seconds": gettext_lazy("a number of seconds, at most a week"),
}
"""What is expected of a field, by its kind in integrations/mustalinja/shape.py."""


def differences_html(delivery: WebhookDelivery) -> SafeString:
    """Each difference as an item of a list; one sentence where there is none."""
    body = bytes(delivery.body)
    if not body:
        return format_html("{}", _("The body is not kept any more."))
    sentences = list(_sentences(delivery, body)) or [_("Everything is as expected.")]
    return format_html_join("", "<div>{}</div>", ((sentence,) for sentence in sentences))


def _sentences(delivery: WebhookDelivery, body: bytes) -> Iterator[str]:
    difference = compare(body, received_at=delivery.received_at)
    if not difference.is_object:
        yield _("The body is not a JSON object in UTF-8, so nothing of it can be read.")
        return
    for name in difference.needed:
        yield _("Missing, and a call needs it: %(field)s") % {"field": name}
    for bad in difference.bad:
        said = {"field": bad.field, "pattern": bad.pattern, "expected": EXPECTED[bad.kind]}
        yield _("Not understood: %(field)s is %(pattern)s (each digit shown as 9). Expected: %(expected)s.") % said
    if difference.unknown:
        yield _("Unknown fields, kept and not used: %(fields)s") % {
            "fields": masked_text(", ".join(difference.unknown))
        }
    if difference.absent:
        yield _("Not sent, which is allowed: %(fields)s") % {"fields": ", ".join(difference.absent)}
