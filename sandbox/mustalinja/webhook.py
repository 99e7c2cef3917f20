"""The webhook going out, signed as https://www.standardwebhooks.com/ says, tried again until accepted."""

import base64
import hashlib
import hmac
import json
import time

from sandbox import settings
from sandbox.delivery import Attempt, Outgoing, basic, deliver
from sandbox.mustalinja.state import Account, PlacedCall, Registration, mustalinja


def send_call(account: Account, call: PlacedCall) -> None:
    """Deliver a call to the account's registered address, in the background."""
    registration = account.registration
    if registration is None or "call.ended" not in registration.events:
        return
    body = json.dumps(call.body, ensure_ascii=False).encode()
    message_id = str(call.body.get("event_id") or f"msg-{call.number}")

    def prepare(_number: int) -> Outgoing:
        headers = authentication(registration, message_id, body)
        return Outgoing("POST", registration.url, body, headers)

    def record(attempt: Attempt) -> None:
        with mustalinja.lock:
            call.deliveries.append({"url": registration.url, **attempt.as_json()})

    deliver(prepare, settings.SANDBOX_MUSTALINJA_RETRIES, record)


def authentication(registration: Registration, message_id: str, body: bytes) -> dict[str, str]:
    """Return the headers that prove where the webhook comes from."""
    if registration.auth == "bearer":
        return {"Authorization": f"Bearer {registration.secret}"}
    if registration.auth == "basic":
        return {"Authorization": basic("mustalinja", registration.secret)}
    if registration.auth == "url":
        return {}
    timestamp = str(int(time.time()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": sign(registration.secret, message_id, timestamp, body),
    }


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Sign `id.timestamp.body` with the key that stands in base64 after `whsec_`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
