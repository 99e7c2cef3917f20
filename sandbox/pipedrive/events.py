"""Webhooks v2 going out: https://pipedrive.readme.io/docs/guide-for-webhooks-v2"""

import json
import uuid
from dataclasses import dataclass

from sandbox import clock, settings
from sandbox.delivery import Attempt, Outgoing, basic, deliver
from sandbox.json_body import Json
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.custom_values import event_person
from sandbox.pipedrive.state import pipedrive
from sandbox.pipedrive.visibility import permitted_user_ids, sees
from sandbox.pipedrive.webhook_health import WebhookHealth


def announce(
    company: Company,
    action: str,
    entity: str,
    record: Json,
    previous: Json | None,
    user_id: int,
    extra: Json | None = None,
) -> None:
    """Deliver one event to every webhook that asked for it and whose user may see the record, in the background."""
    data: Json | None = None if action == "delete" else dict(record)
    if entity == "person":
        data = event_person(company, data, complete=True) if data else None
        previous = event_person(company, previous, complete=action == "delete") if previous else previous
    for webhook in list(company.webhooks.values()):
        if not _is_for(company, webhook, action, entity, record):
            continue
        meta = {**_meta(company, webhook, record, user_id), "action": action, "entity": entity, **(extra or {})}
        _send(company, webhook, {"meta": meta, "data": data, "previous": previous})


def _is_for(company: Company, webhook: Json, action: str, entity: str, record: Json) -> bool:
    return (
        webhook["event_action"] in ("*", action)
        and webhook["event_object"] in ("*", entity)
        and sees(company.users[webhook["user_id"]], record)
    )


def _meta(company: Company, webhook: Json, record: Json, user_id: int) -> Json:
    return {
        "entity_id": str(record["id"]),
        "company_id": str(company.id),
        "user_id": str(user_id),
        "id": str(uuid.uuid4()),
        "correlation_id": str(uuid.uuid4()),
        "timestamp": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "type": webhook["type"],
        "version": "2.0",
        "webhook_id": str(webhook["id"]),
        "webhook_owner_id": str(webhook["owner_id"]),
        "change_source": "app",
        "attempt": 1,
        "host": f"{company.domain}.pipedrive.com",
        "is_bulk_edit": False,
        "permitted_user_ids": [str(number) for number in permitted_user_ids(company, record)],
    }


def _send(company: Company, webhook: Json, payload: Json) -> None:
    """Lose the event, or deliver it: the extra copies that a switch orders are tried once and not counted."""
    switches, health = pipedrive.switches, company.webhook_health[webhook["id"]]
    if not switches.deliver_webhooks:
        health.lost_by_switch += 1
    elif health.is_banned(pipedrive.shifted_now()):
        health.lost_while_banned += 1
    else:
        delay = switches.webhook_delay_ms / 1000
        counted = _Delivery(webhook, payload, health)
        deliver(counted.prepare, settings.SANDBOX_PIPEDRIVE_RETRIES, counted.record, delay)
        for _ in range(switches.webhook_duplicates):
            copy = _Delivery(webhook, payload, None)
            deliver(copy.prepare, [], copy.record, delay)


@dataclass
class _Delivery:
    """One event on its way to one webhook."""

    webhook: Json
    payload: Json
    health: WebhookHealth | None
    tries: int = 0

    def prepare(self, number: int) -> Outgoing:
        """Make the request of the try with this number."""
        webhook = self.webhook
        headers: dict[str, str] = {}
        if webhook["http_auth_user"]:
            headers["Authorization"] = basic(webhook["http_auth_user"], webhook["http_auth_password"] or "")
        body = {**self.payload, "meta": {**self.payload["meta"], "attempt": number}}
        return Outgoing("POST", webhook["subscription_url"], json.dumps(body).encode(), headers)

    def record(self, attempt: Attempt) -> None:
        """Keep what became of a try."""
        self.tries += 1
        meta = self.payload["meta"]
        with pipedrive.lock:
            self.webhook["last_delivery_time"] = attempt.at
            self.webhook["last_http_status"] = attempt.status
            if self.health is not None:
                now = pipedrive.shifted_now()
                self.health.note_try(now, accepted=attempt.accepted, is_first=self.tries == 1)
            pipedrive.deliveries.append(
                {
                    "event": f"{meta['action']}.{meta['entity']}",
                    "entity_id": meta["entity_id"],
                    "url": self.webhook["subscription_url"],
                    **attempt.as_json(),
                }
            )
