"""Control of the stand-in: place calls, deliver them again, look inside."""

from sandbox.control import ControlError, control_view
from sandbox.json_body import Json
from sandbox.mustalinja.api import registration_from
from sandbox.mustalinja.calls import place_call
from sandbox.mustalinja.state import Account, PlacedCall, mustalinja
from sandbox.mustalinja.webhook import send_call


def _place(order: Json) -> Json:
    """Place one call, or many (`calls: [...]`); `deliver: false` loses the webhook."""
    placed = []
    for each in order.get("calls", [order]):
        account, call = place_call(each)
        if each.get("deliver", True):
            send_call(account, call)
        placed.append(call.body)
    return {"calls": placed}


def _resend(order: Json) -> Json:
    """Deliver a call's event once more, as it was: a duplicate."""
    found = mustalinja.call(order["call_id"])
    if found is None:
        raise ControlError("no such call")
    send_call(*found)
    return {"call_id": order["call_id"]}


def _register(order: Json) -> Json:
    """Set where an account's webhooks go, as its admin would by hand; `url: null` forgets it."""
    account = mustalinja.account(order.get("account", "demo-key"))
    if account is None:
        raise ControlError("no such account")
    account.registration = registration_from(order) if order.get("url") else None
    return {"webhook": _registration(account)}


def _read_state(_order: Json) -> Json:
    return {
        "accounts": [
            {
                "api_key": each.api_key,
                "company": each.company,
                "number": each.number,
                "users": each.users,
                "webhook": _registration(each),
                "calls": [_call(call) for call in each.calls],
            }
            for each in mustalinja.accounts
        ],
        "requests": list(mustalinja.requests),
        "faults": mustalinja.faults.as_json(),
    }


def _registration(account: Account) -> Json | None:
    registration = account.registration
    if registration is None:
        return None
    secret = f"{registration.secret[:6]}…"
    return {
        "url": registration.url,
        "secret": secret,
        "events": registration.events,
        "auth": registration.auth,
    }


def _call(call: PlacedCall) -> Json:
    delivered = any(200 <= (each["status"] or 0) < 300 for each in call.deliveries)
    return {"body": call.body, "delivered": delivered, "deliveries": call.deliveries}


def _add_faults(order: Json) -> Json:
    for each in order.get("faults", [order]):
        mustalinja.faults.add(each)
    return {"faults": mustalinja.faults.as_json()}


def _clear_faults(_order: Json) -> Json:
    mustalinja.faults.clear()
    return {"faults": []}


def _reset(_order: Json) -> Json:
    mustalinja.reset()
    return {"reset": True}


state = control_view(mustalinja.lock, GET=_read_state)
calls = control_view(mustalinja.lock, POST=_place)
resend = control_view(mustalinja.lock, POST=_resend)
webhook = control_view(mustalinja.lock, POST=_register)
faults = control_view(mustalinja.lock, POST=_add_faults, DELETE=_clear_faults)
reset = control_view(mustalinja.lock, POST=_reset)
