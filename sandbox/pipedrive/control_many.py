"""Control of very many persons: adding them fast, and learning the numbers of some."""

import gc
import random
import time
from typing import Any

from sandbox import clock
from sandbox.control import ControlError, control_view
from sandbox.json_body import Json
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.control_records import company_of
from sandbox.pipedrive.events import announce
from sandbox.pipedrive.invented_numbers import e164
from sandbox.pipedrive.invented_persons import Wish, add_invented_persons
from sandbox.pipedrive.state import pipedrive

MOST_AT_ONCE = 500_000
MOST_ANNOUNCED = 2_000
"""Each event is a thread of its own."""
SAMPLE = 10


def _add_many(order: Json) -> Json:
    """Add `count` invented persons; `silent: false` announces each to the webhooks, as a bulk edit."""
    company = company_of(order)
    silent = order.pop("silent", True)
    wish = _checked(Wish(**order), most=MOST_AT_ONCE if silent else MOST_ANNOUNCED)
    started = time.monotonic()
    organizations = len(company.organizations)
    added = add_invented_persons(company, wish)
    # They stay until the reset: the collector need not walk over all of them again and again.
    gc.freeze()
    for person in [] if silent else added:
        announce(company, "create", "person", person, None, person["owner_id"], {"is_bulk_edit": True})
    return {
        "added": len(added),
        "organizations": len(company.organizations) - organizations,
        "first_id": added[0]["id"],
        "last_id": added[-1]["id"],
        "seconds": round(time.monotonic() - started, 3),
        "sample": [_brief(person) for person in _spread(added, SAMPLE)],
    }


def _checked(wish: Wish, most: int) -> Wish:
    if not 1 <= wish.count <= most:
        message = f"count must be 1 to {most}"
        raise ControlError(message)
    if wish.update_time is not None and clock.parse_rfc3339(wish.update_time) is None:
        raise ControlError("update_time must be like 2026-11-22T10:00:00Z")
    return wish


def _sample(order: Json) -> Json:
    """Return `n` living persons who have a number: always the same ones for the same `seed`."""
    company = _company_asked(order)
    living = [each for each in company.persons.values() if each["phones"] and not each["is_deleted"]]
    chance = random.Random(int(order.get("seed", 1)))  # noqa: S311 - a choice of people, not a secret
    chosen = chance.sample(living, min(int(order.get("n", SAMPLE)), len(living)))
    return {"total": len(living), "persons": [_brief(person) for person in chosen]}


def _company_asked(order: Json) -> Company:
    asked: Json = {"company_id": int(order["company_id"])} if "company_id" in order else {}
    return company_of(asked)


def _spread(people: list[Json], count: int) -> list[Json]:
    """Return a few, evenly from first to last."""
    return people[:: max(1, len(people) // count)][:count]


def _brief(person: Json) -> dict[str, Any]:
    texts = [phone["value"] for phone in person["phones"]]
    chosen = {name: person[name] for name in ("id", "name", "owner_id", "org_id")}
    return {**chosen, "phones": texts, "e164": [e164(text) for text in texts]}


many = control_view(pipedrive.lock, POST=_add_many)
sample = control_view(pipedrive.lock, GET=_sample)
