"""Control of the stand-in itself: its state, its switches, its faults, its clock."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from functools import partial

from sandbox.control import ControlError, control_view
from sandbox.json_body import Json
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.control_webhooks import webhook_states
from sandbox.pipedrive.state import pipedrive

RECORDS = ("users", "organizations", "persons", "activities", "deals")


def _read_state(order: Json) -> Json:
    """Return everything, or only the named parts (`?only=activities,requests`).

    `since_index=5` leaves out the requests before the one with that `index`.
    """
    parts: dict[str, Callable[[], object]] = {
        "companies": lambda: [_company(each) for each in pipedrive.companies.values()],
        **{name: partial(_records, name) for name in RECORDS},
        "grants": _grants,
        "requests": lambda: pipedrive.requests.since(int(order.get("since_index", 0))),
        "webhooks": webhook_states,
        "webhook_deliveries": lambda: list(pipedrive.deliveries),
        "faults": pipedrive.faults.as_json,
        "switches": pipedrive.switches_as_json,
        "spent_tokens": lambda: sum(each.spent.total() for each in pipedrive.companies.values()),
    }
    chosen = order["only"].split(",") if "only" in order else list(parts)
    return {name: parts[name]() for name in chosen}


def _records(name: str) -> list[Json]:
    return [
        {**record, "company_id": company.id}
        for company in pipedrive.companies.values()
        for record in getattr(company, name).values()
    ]


def _company(company: Company) -> Json:
    return {
        "id": company.id,
        "name": company.name,
        "domain": company.domain,
        "daily_tokens": company.daily_tokens,
        "tokens_left": company.tokens_left,
        "spent": dict(company.spent),
        "activity_types": list(company.activity_types.values()),
        "webhooks": [
            {name: value for name, value in webhook.items() if name != "http_auth_password"}
            for webhook in company.webhooks.values()
        ],
    }


def _grants() -> list[Json]:
    return [
        {**grant, "user_email": pipedrive.companies[grant["company_id"]].users[grant["user_id"]]["email"]}
        for grant in pipedrive.authorizations.as_json()
    ]


def _reset(_order: Json) -> Json:
    pipedrive.reset()
    return {"reset": True}


def _set_switches(order: Json) -> Json:
    """Set the given switches; `existing_grants: true` hands the scopes to grants already made, too."""
    existing = order.pop("existing_grants", False)
    known = {field.name: field for field in dataclasses.fields(pipedrive.switches)}
    for name, value in order.items():
        if name not in known or type(value) is not type(getattr(pipedrive.switches, name)):
            message = f"no such switch, or not of its type: {name}"
            raise ControlError(message)
    for name, value in order.items():
        setattr(pipedrive.switches, name, value)
    if existing:
        for grant in pipedrive.authorizations.grants:
            grant.scopes = frozenset(pipedrive.switches.scopes)
    return pipedrive.switches_as_json()


def _add_faults(order: Json) -> Json:
    for each in order.get("faults", [order]):
        pipedrive.faults.add(each)
    return {"faults": pipedrive.faults.as_json()}


def _clear_faults(_order: Json) -> Json:
    pipedrive.faults.clear()
    return {"faults": []}


def _count_requests(order: Json) -> Json:
    """Count requests and tokens by operation, of all or one company (`?company_id=7001`)."""
    return pipedrive.requests.counted(int(order["company_id"]) if "company_id" in order else None)


def _forget_counts(_order: Json) -> Json:
    """Count from nought; the log of requests stays, and so do the tokens a company has spent."""
    pipedrive.requests.forget_counts()
    return pipedrive.requests.counted()


def _move_clock(order: Json) -> Json:
    """Let time pass for codes, access tokens, grants and bans of webhooks."""
    pipedrive.clock_offset += dt.timedelta(seconds=order["advance_seconds"])
    return {"now": pipedrive.shifted_now().isoformat()}


state = control_view(pipedrive.lock, GET=_read_state)
reset = control_view(pipedrive.lock, POST=_reset)
switches = control_view(pipedrive.lock, GET=lambda _order: pipedrive.switches_as_json(), POST=_set_switches)
faults = control_view(
    pipedrive.lock,
    GET=lambda _order: {"faults": pipedrive.faults.as_json()},
    POST=_add_faults,
    DELETE=_clear_faults,
)
request_counts = control_view(pipedrive.lock, GET=_count_requests, DELETE=_forget_counts)
move_clock = control_view(pipedrive.lock, POST=_move_clock)
