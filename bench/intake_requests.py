"""Mustalinja's signed call events as whole HTTP requests, made before the load so that it measures the server alone."""

import datetime
import json
import time
import uuid

from bench.load import whole_request
from sandbox.mustalinja.webhook import sign

FIRST_NUMBER = 400_100_000
NUMBERS = 50_000
SECONDS_AGO = 300


def signed_calls(count: int, *, key: str, secret: str, reps: list[str]) -> list[bytes]:
    """So many ended calls of the reps by turns, each with an id and a number of its own. A signature is good for five
    minutes.
    """
    return [_signed(_body(number, reps[number % len(reps)]), key=key, secret=secret) for number in range(count)]


def _signed(body: bytes, *, key: str, secret: str) -> bytes:
    message_id, timestamp = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
    headers = [
        ("webhook-id", message_id),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", sign(secret, message_id, timestamp, body)),
    ]
    return whole_request(path=f"/webhooks/mustalinja/{key}/", headers=headers, body=body)


def _body(number: int, rep: str) -> bytes:
    started = datetime.datetime.now(datetime.UTC).replace(microsecond=0) - datetime.timedelta(seconds=SECONDS_AGO)
    event = {
        "event": "call.ended",
        "event_id": uuid.uuid4().hex,
        "call_id": f"c-{uuid.uuid4().hex}",
        "leg_id": None,
        "direction": "in",
        "answered": True,
        "result": "answered",
        "from": f"+358{FIRST_NUMBER + number % NUMBERS}",
        "to": "+358941234567",
        "hidden": False,
        "user": {"id": "u-7", "email": rep, "number": "+358501112222"},
        "started_at": started.isoformat(),
        "answered_at": (started + datetime.timedelta(seconds=8)).isoformat(),
        "ended_at": (started + datetime.timedelta(seconds=180)).isoformat(),
        "ring_seconds": 8,
        "talk_seconds": 172,
    }
    return json.dumps(event).encode()
