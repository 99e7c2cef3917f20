"""A webhook body without the other side of the call: what is kept of a private call."""

import json
import re

from integrations.mustalinja.fields import UnreadableError
from integrations.mustalinja.webhook import KNOWN_FIELDS, KNOWN_USER_FIELDS, json_object
from integrations.phone_numbers import written

HIDDEN = "anonymous"
STRING_OR_NUMBER = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*')


def without_customer(body: bytes) -> bytes:
    """The body with its customer's number as if it had been hidden, and without any field that is not known: a name may
    stand there. Where it does not say who called whom, neither number stays. What cannot be read is replaced whole.
    """
    try:
        data = json_object(body)
    except UnreadableError:
        return b"{}"
    kept = {name: value for name, value in data.items() if name in KNOWN_FIELDS and not isinstance(value, dict | list)}
    user = data.get("user")
    if isinstance(user, dict):
        kept["user"] = {name: user[name] for name in KNOWN_USER_FIELDS if name in user}
    customer = {"in": ("from",), "out": ("to",)}.get(str(data.get("direction")).strip().lower(), ("from", "to"))
    return json.dumps(kept | dict.fromkeys(customer, HIDDEN) | {"hidden": True}).encode()


def without_number(body: bytes, number: str) -> bytes:
    """Any body with an E.164 number as if it had been hidden, however it is written there. JSON stays JSON."""
    found = written(number)
    if not _is_json(body):
        return found.sub(HIDDEN.encode(), body)

    def hidden(token: re.Match[bytes]) -> bytes:
        text = token[0]
        if text.startswith(b'"'):
            return found.sub(HIDDEN.encode(), text)
        return b'"%b"' % HIDDEN.encode() if found.search(text) else text

    return STRING_OR_NUMBER.sub(hidden, body)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
