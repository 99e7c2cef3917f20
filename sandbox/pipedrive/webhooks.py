"""Registering webhooks, API v1: https://developers.pipedrive.com/docs/api/v1/Webhooks"""

import socket
from urllib.parse import urlsplit

from django.http import HttpResponse, JsonResponse

from sandbox import clock
from sandbox.json_body import Json
from sandbox.pipedrive.answers import Refusal
from sandbox.pipedrive.gateway import Call
from sandbox.pipedrive.state import pipedrive

MOST_PER_USER = 40
ACTIONS = ("create", "change", "delete", "*")
OBJECTS = (
    "activity",
    "deal",
    "lead",
    "note",
    "organization",
    "person",
    "pipeline",
    "product",
    "stage",
    "user",
    "*",
)
_FIELDS = {
    "subscription_url",
    "event_action",
    "event_object",
    "name",
    "user_id",
    "http_auth_user",
    "http_auth_password",
    "version",
}


def list_webhooks(call: Call) -> HttpResponse:
    """List the webhooks the app made with this user's grants, or with anybody's of the company."""
    everybodys = [dict(each) for each in call.company.webhooks.values()]
    mine = [each for each in everybodys if each["owner_id"] == call.user["id"]]
    listed = everybodys if pipedrive.switches.list_all_webhooks else mine
    return JsonResponse({"status": "ok", "success": True, "data": listed})


def create_webhook(call: Call) -> HttpResponse:
    """Register a webhook. The endpoint must answer already, so the check runs without the lock."""
    body = call.body()
    errors = _errors(body, call)
    if not errors and pipedrive.switches.check_webhook_urls and not _reachable(body["subscription_url"]):
        errors["subscription_url"] = ["invalid or non-reachable URL"]
    if errors:
        raise Refusal(400, "", {"status": "error", "success": False, "errors": errors})
    with pipedrive.lock:
        webhook = _new_webhook(body, call)
        call.company.webhooks[webhook["id"]] = webhook
    return JsonResponse({"status": "ok", "success": True, "data": webhook}, status=201)


def delete_webhook(call: Call, webhook_id: int) -> HttpResponse:
    """Delete a webhook of this user's."""
    webhook = call.company.webhooks.get(webhook_id)
    if webhook is None:
        raise Refusal(404, "", {"status": "error", "success": False, "errors": {"id": ["not found"]}})
    if webhook["owner_id"] != call.user["id"]:
        raise Refusal(403, "", {"success": False, "message": "Forbidden"})
    del call.company.webhooks[webhook_id]
    return JsonResponse({"status": "ok", "success": True})


def _errors(body: Json, call: Call) -> dict[str, list[str]]:
    checks = {
        "subscription_url": _is_url(body.get("subscription_url")),
        "event_action": body.get("event_action") in ACTIONS,
        "event_object": body.get("event_object") in OBJECTS,
        "name": isinstance(body.get("name"), str) and 0 < len(body["name"]) <= 255,
        "user_id": "user_id" not in body or call.company.active_user(body["user_id"]) is not None,
        "version": body.get("version", "2.0") == "2.0",
        **{name: isinstance(body.get(name), str | None) for name in ("http_auth_user", "http_auth_password")},
        **dict.fromkeys(set(body) - _FIELDS, False),
    }
    errors = {name: ["invalid value"] for name, good in checks.items() if not good}
    owned = sum(each["owner_id"] == call.user["id"] for each in list(call.company.webhooks.values()))
    if owned >= MOST_PER_USER:
        errors["user_id"] = [f"no more than {MOST_PER_USER} webhooks for a user"]
    return errors


def _is_url(value: object) -> bool:
    """Accept https, and plain http on this machine, where the sandbox lives."""
    if not isinstance(value, str):
        return False
    parts = urlsplit(value)
    local = parts.hostname in ("localhost", "127.0.0.1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and local))


def _reachable(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=2).close()
    except OSError:
        return False
    return True


def _new_webhook(body: Json, call: Call) -> Json:
    return {
        "id": call.company.next_id(),
        "company_id": call.company.id,
        "owner_id": call.user["id"],
        "user_id": body.get("user_id", call.user["id"]),
        "event_action": body["event_action"],
        "event_object": body["event_object"],
        "subscription_url": body["subscription_url"],
        "version": "2.0",
        "is_active": 1,
        "add_time": clock.rfc3339(clock.now()),
        "remove_time": None,
        "type": "application",
        "http_auth_user": body.get("http_auth_user"),
        "http_auth_password": body.get("http_auth_password"),
        "remove_reason": None,
        "last_delivery_time": None,
        "last_http_status": None,
        "admin_id": call.user["id"],
        "name": body["name"],
    }
