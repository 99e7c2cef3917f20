"""Playing a day to the portal: calls end at Mustalinja, newcomers appear in Pipedrive, and all of it is looked at."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.customer import Customer
from bench.day import Plan, PlannedCall, Step
from bench.stand_in import Known
from sandbox.demo.browser import Browser
from sandbox.demo.people import AINO, BO
from sandbox.json_body import Json
from sandbox.pipedrive.invented_numbers import InventedNumbers, e164

REPS = (AINO, BO)
STEP_SECONDS = 1.0
WAITING_SECONDS, LAST_CALL_SECONDS = 20.0, 120.0
WITH_ORGANIZATION, ANSWERED, INCOMING = 0.6, 0.85, 0.6
ACTIVITY = "POST /v2/activities"


@dataclass(frozen=True)
class Newcomer:
    """Somebody who is not in Pipedrive yet, with the number as it will be typed there."""

    typed: str
    organization_id: int | None


@dataclass(frozen=True)
class Ended:
    """A call that ended at Mustalinja, and what is true of it.

    Attributes:
        number: the customer's, in E.164.
        caller: as in the plan.
    """

    number: str
    caller: int


@dataclass
class Playing:
    """A day under way.

    Attributes:
        known: who is in Pipedrive, by the callers' numbers in the plan.
        newcomers: who will be, in the order in which they come.
        ended: the calls so far, by Mustalinja's ids.
        waited: calls that were seen to wait for their person.
    """

    customer: Customer
    admin: Browser
    chance: random.Random
    known: list[Known]
    newcomers: list[Newcomer]
    ended: dict[str, Ended] = field(default_factory=dict)
    waited: int = 0

    def play(self, steps: list[Step]) -> None:
        """Let the day pass, so fast that the portal keeps up; then wait for the last call."""
        early: dict[int, str] = {}
        for step in steps:
            began = time.monotonic()
            for call_id, call in zip(self._place(step.calls), step.calls, strict=True):
                if call.is_early:
                    early[call.caller] = call_id
            self._see_waiting([early[caller] for caller in step.newcomers if caller in early])
            self._create(step.newcomers)
            time.sleep(max(0.0, began + STEP_SECONDS - time.monotonic()))
        self.customer.processes.wait_until(self._is_all_logged, seconds=LAST_CALL_SECONDS)

    def truth(self, call_id: str) -> int:
        """The person whose call it was."""
        return self.known[self.ended[call_id].caller].person_id

    def _place(self, calls: tuple[PlannedCall, ...]) -> list[str]:
        ended = [Ended(self._number(call.caller), call.caller) for call in calls]
        call_ids = self.customer.stand_in.place_calls([self._order(each.number) for each in ended])
        self.ended |= zip(call_ids, ended, strict=True)
        return call_ids

    def _number(self, caller: int) -> str:
        if caller < len(self.known):
            return self.chance.choice(self.known[caller].numbers)
        return e164(self.newcomers[self._place_of(caller)].typed)

    def _place_of(self, caller: int) -> int:
        """A newcomer's place among those who are still to come."""
        return caller - len(self.known)

    def _order(self, number: str) -> Json:
        return {
            "user_email": self.chance.choice(REPS).email,
            "number": number,
            "direction": "in" if self.chance.random() < INCOMING else "out",
            "answered": self.chance.random() < ANSWERED,
        }

    def _see_waiting(self, call_ids: list[str]) -> None:
        """Look whether calls whose persons are about to be created wait for them."""
        if not call_ids:
            return

        def all_wait() -> bool:
            return set(call_ids) <= {call["external_id"] for call in self.calls("&status=waiting&reason=no_contact")}

        if self.customer.processes.wait_until(all_wait, seconds=WAITING_SECONDS):
            self.waited += len(call_ids)

    def _create(self, callers: tuple[int, ...]) -> None:
        coming, self.newcomers = self.newcomers[: len(callers)], self.newcomers[len(callers) :]
        orders = [
            {"name": f"Uusi Asiakas {caller}", "phones": [each.typed], "org_id": each.organization_id}
            for caller, each in zip(callers, coming, strict=True)
        ]
        for person_id, each in zip(self.customer.stand_in.create_persons(orders), coming, strict=True):
            self.known.append(Known(person_id, (e164(each.typed),), each.organization_id))

    def calls(self, conditions: str = "") -> Iterator[Json]:
        """The portal's calls, as its API gives them to the company's admin."""
        address = f"/api/v1/calls/?page_size=200{conditions}"
        while address:
            page = self.admin.json(address)
            yield from page["results"]
            address = page["next"]

    def _is_all_logged(self) -> bool:
        operations = self.customer.stand_in.counts()["operations"]
        return bool(operations.get(ACTIVITY, {"requests": 0})["requests"] >= len(self.ended))


def playing(customer: Customer, admin: Browser, plan: Plan, known: list[Known]) -> Playing:
    """A day that is about to begin, with newcomers whose numbers nobody has."""
    chance = random.Random(plan.seed)  # noqa: S311 - a choice of people, not a secret
    numbers = InventedNumbers(chance, {number for each in known for number in each.numbers})
    organizations = [each.organization_id for each in known if each.organization_id is not None]
    newcomers = [
        Newcomer(numbers.take(), chance.choice(organizations) if chance.random() < WITH_ORGANIZATION else None)
        for _newcomer in range(plan.newcomers)
    ]
    return Playing(customer, admin, chance, list(known), newcomers)
