"""Call events as Mustalinja sends them."""

import base64
import datetime
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook

from integrations.models import MustalinjaAccount

Json = dict[str, Any]


def ended_call(**changes: Any) -> Json:
    """Bo answers a call from Eero Mäkinen five minutes ago; `changes` replace fields, `...` leaves one out."""
    started = timezone.now().replace(microsecond=0) - datetime.timedelta(minutes=5)
    body: Json = {
        "event": "call.ended",
        "event_id": new_event_id(),
        "call_id": f"c-{uuid.uuid4().hex[:8]}",
        "leg_id": None,
        "direction": "in",
        "answered": True,
        "result": "answered",
        "from": "+358400124387",
        "to": "+358941234567",
        "hidden": False,
        "user": {"id": "u-7", "email": "bo@esimerkki.example", "number": "+358501112222"},
        "started_at": started.isoformat(),
        "answered_at": (started + datetime.timedelta(seconds=8)).isoformat(),
        "ended_at": (started + datetime.timedelta(seconds=180)).isoformat(),
        "ring_seconds": 8,
        "talk_seconds": 172,
    }
    body |= {name.rstrip("_"): value for name, value in changes.items()}
    return {name: value for name, value in body.items() if value is not ...}


def new_event_id() -> str:
    """Return what Mustalinja would call one more event."""
    return uuid.uuid4().hex


def signed(secret: str, body: bytes, *, at: datetime.datetime | None = None) -> dict[str, str]:
    """Standard Webhooks headers, made by the vendor-neutral package and not by our own code.

    The package signs text only; bytes that are not UTF-8 are signed by hand after the specification.
    """
    at = at or datetime.datetime.now(datetime.UTC)
    delivery_id = f"msg_{uuid.uuid4().hex}"
    try:
        signature = Webhook(secret).sign(delivery_id, at, body.decode())
    except UnicodeDecodeError:
        content = f"{delivery_id}.{int(at.timestamp())}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signature = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }


def deliver(account: MustalinjaAccount, event: Json | bytes, **headers: str) -> Any:
    """Send an event to the company's webhook, signed unless headers are given."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return Client().post(
        f"/webhooks/mustalinja/{account.webhook_key}/",
        data=body,
        content_type="application/json",
        headers=headers or signed(account.secret, body),
    )


def epoch_now() -> int:
    return int(time.time())
