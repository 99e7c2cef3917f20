"""Webhooks v2 going out: https://pipedrive.readme.io/docs/guide-for-webhooks-v2"""

import json
import uuid

from sandbox import clock, settings
from sandbox.delivery import Attempt, Outgoing, basic, deliver
from sandbox.json_body import Json
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.state import pipedrive


def announce(
    company: Company,
    action: str,
    entity: str,
    record: Json,
    previous: Json | None,
    user_id: int,
    extra: Json | None = None,
) -> None:
    """Deliver one event to every webhook that asked for it, in the background."""
    for webhook in list(company.webhooks.values()):
        if webhook["event_action"] in ("*", action) and webhook["event_object"] in ("*", entity):
            payload: Json = {
                "meta": {
                    **_meta(company, webhook, record, user_id),
                    "action": action,
                    "entity": entity,
                    **(extra or {}),
                },
                "data": None if action == "delete" else dict(record),
                "previous": previous,
            }
            _deliver(webhook, payload)


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
        "permitted_user_ids": [str(number) for number in company.users],
    }


def _deliver(webhook: Json, payload: Json) -> None:
    headers: dict[str, str] = {}
    if webhook["http_auth_user"]:
        headers["Authorization"] = basic(webhook["http_auth_user"], webhook["http_auth_password"] or "")

    def prepare(number: int) -> Outgoing:
        body = {**payload, "meta": {**payload["meta"], "attempt": number}}
        return Outgoing("POST", webhook["subscription_url"], json.dumps(body).encode(), headers)

    deliver(prepare, settings.SANDBOX_PIPEDRIVE_RETRIES, lambda attempt: _record(webhook, payload, attempt))


def _record(webhook: Json, payload: Json, attempt: Attempt) -> None:
    meta = payload["meta"]
    with pipedrive.lock:
        webhook["last_delivery_time"] = attempt.at
        webhook["last_http_status"] = attempt.status
        pipedrive.deliveries.append(
            {
                "event": f"{meta['action']}.{meta['entity']}",
                "entity_id": meta["entity_id"],
                "url": webhook["subscription_url"],
                **attempt.as_json(),
            }
        )
