"""Taking the other side of a private call out of all that was delivered of it."""

import json

from django.utils.crypto import salted_hmac

from calls.models import Call, WebhookDelivery
from calls.reps import find_rep_ids
from integrations.mustalinja.redaction import without_customer, without_number
from integrations.mustalinja.webhook import CALL_ENDED, call_id_of, email_of

REDACTED = ("body", "unknown", "original")


def redact_deliveries(call: Call, *, number: str) -> None:
    """Take the other side out of what was delivered of a call. Its own deliveries stay its own, so that the books
    balance. To be called in the transaction that makes the call private.

    Args:
        number: the customer's in E.164, which may stand where nobody expects it; empty: not known.
    """
    naming = WebhookDelivery.objects.filter(company=call.company_id, call=None, external_id=call.external_id)
    others = [delivery for delivery in naming if _may_tell_of(call, bytes(delivery.body))]
    for delivery in [*call.deliveries.all(), *others]:
        redact(delivery)
        if number:
            delivery.body = without_number(bytes(delivery.body), number)
        delivery.save(update_fields=REDACTED)


def hide_number(company_id: int | None, number: str) -> None:
    """Take an E.164 number out of the deliveries that name no call; an empty one is not known any more. The rest of
    them stays, since they may tell of other calls, too, and so does what comes later.
    """
    if not number:
        return
    nameless = WebhookDelivery.objects.filter(company=company_id, call=None, external_id="")
    for delivery in nameless.exclude(event=CALL_ENDED).iterator():
        body = without_number(bytes(delivery.body), number)
        if body != bytes(delivery.body):
            _replace(delivery, body)
            delivery.save(update_fields=REDACTED)


def redact(delivery: WebhookDelivery) -> None:
    """Take the other side out of a delivery, which is not saved."""
    _replace(delivery, without_customer(bytes(delivery.body)))


def _replace(delivery: WebhookDelivery, body: bytes) -> None:
    """What `unknown` names may be a field with a number in it."""
    if delivery.outcome == WebhookDelivery.Outcome.QUARANTINED and not delivery.original:
        delivery.original = digest_of(bytes(delivery.body))
    delivery.body, delivery.unknown = body, []


def forget_bodies(pks: list[int]) -> None:
    """Empty the bodies of deliveries. One in quarantine is still known again when it comes once more."""
    rows = WebhookDelivery.objects.filter(pk__in=pks)
    for delivery in rows.filter(outcome=WebhookDelivery.Outcome.QUARANTINED, original="").iterator():
        rows.filter(pk=delivery.pk).update(original=digest_of(bytes(delivery.body)))
    rows.update(body=b"", unknown=[], problem="")


def digest_of(body: bytes) -> str:
    """By which a redacted body is known again, in whatever form it comes; keyed, since a number may be guessed."""
    return salted_hmac("calls.redaction", sorted_json(body), algorithm="sha256").hexdigest()


def sorted_json(body: bytes) -> str:
    """A body in one form, however a webhook and the list have written it."""
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except (ValueError, RecursionError):
        return body.decode(errors="backslashreplace")


def redact_if_private(delivery: WebhookDelivery) -> None:
    """Redact a delivery that makes no call, before it is stored, if it names a private one. That call is locked, so
    that nobody makes it private between this look and the storing.
    """
    body = bytes(delivery.body)
    delivery.external_id = call_id_of(body)
    if not delivery.external_id:
        return
    legs = Call.objects.filter(company=delivery.company_id, external_id=delivery.external_id)
    private = [leg for leg in legs.select_for_update(no_key=True) if leg.private_since is not None]
    if any(_may_tell_of(leg, body) for leg in private):
        redact(delivery)


def _may_tell_of(call: Call, body: bytes) -> bool:
    """Whether a body that names the call tells of this rep's leg of it, or of nobody's: another rep's is a call of its
    own, which is not private because of this one.
    """
    email = email_of(body)
    if email in ("", call.rep_email) or not (call.rep_email or call.rep_id):
        return True
    rep_id = find_rep_ids({(call.company_id, email)}).get((call.company_id, email))
    return rep_id is not None and rep_id == call.rep_id
