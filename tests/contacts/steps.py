"""Steps of the tests of the phone index."""

import base64
import datetime
import json
import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from integrations.contact_upkeep import keep_index
from integrations.models import Contact, ContactIndex, ContactNumber, PipedriveSubscription
from integrations.pipedrive.payloads import Person
from integrations.pipedrive_events import carry_out_events
from integrations.pipedrive_subscriptions import BASIC_USER
from tests.sandbox.running_sandbox import Json, Sandbox

NOON = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
EERO = "+358400124387"


def person(
    person_id: int = 5, *, at: datetime.datetime = NOON, phones: tuple[str, ...] = (EERO,), **fields: Any
) -> Person:
    """A person as Pipedrive tells of it."""
    told: dict[str, Any] = {"name": "Eero Mäkinen", "organization_id": 6, "owner_id": 7}
    return Person(
        person_id=person_id, phones=phones, updated_at=at, organization_name="", is_deleted=False, **told | fields
    )


def numbers() -> dict[str, list[int]]:
    """Every number of the index, with the persons that have it."""
    found: dict[str, list[int]] = {}
    for number in ContactNumber.objects.select_related("contact").order_by("contact__person_id"):
        found.setdefault(number.e164, []).append(number.contact.person_id)
    return found


def names() -> set[str]:
    return set(Contact.objects.filter(is_gone=False).values_list("name", flat=True))


def step(index: ContactIndex) -> ContactIndex:
    """Let the index's time have come, and one worker take its turn."""
    ContactIndex.objects.filter(pk=index.pk).update(next_step_at=timezone.now())
    keep_index(index.account_id)
    index.refresh_from_db()
    return index


def asked(outside: Sandbox, operation: str) -> int:
    """How often Pipedrive was asked something: `GET /v2/persons`."""
    counted = outside.ask("pipedrive/control/requests/count")["operations"].get(operation, {})
    return int(counted.get("requests", 0))


def event(
    action: str, *, at: datetime.datetime = NOON, entity: str = "person", data: Json | None = None, **meta: Any
) -> Json:
    """An event as Pipedrive's webhooks send it."""
    told: Json = {
        "action": action,
        "entity": entity,
        "entity_id": str(data["id"] if data else meta.pop("person_id")),
        "company_id": "7001",
        "id": str(uuid.uuid4()),
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "attempt": 1,
        "version": "2.0",
    }
    return {"meta": told | meta, "data": data, "previous": None}


def data(person_id: int = 5, *, at: datetime.datetime = NOON, phone: str = "0400 124 387", **fields: Any) -> Json:
    """The person of an event."""
    told: Json = {
        "id": person_id,
        "name": "Eero Mäkinen",
        "owner_id": 7,
        "org_id": 6,
        "phones": [{"value": phone, "primary": True, "label": "work"}] if phone else [],
        "emails": [{"value": "eero@example.com"}],
        "update_time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "custom_fields": {},
    }
    return told | fields


def tell(subscription: PipedriveSubscription, body: Json | bytes, *, password: str | None = None) -> Any:
    """Deliver an event as Pipedrive does."""
    secret = subscription.password if password is None else password
    credentials = base64.b64encode(f"{BASIC_USER}:{secret}".encode()).decode()
    return Client().post(
        f"/webhooks/pipedrive/{subscription.key}/",
        data=body if isinstance(body, bytes) else json.dumps(body).encode(),
        content_type="application/json",
        headers={"Authorization": f"Basic {credentials}"},
    )


def tell_and_carry_out(subscription: PipedriveSubscription, *bodies: Json) -> None:
    """Deliver events in this order, and let the worker carry them out."""
    for body in bodies:
        assert tell(subscription, body).status_code == 200
    carry_out_events(subscription.account_id)
