"""The stand-ins' control as the benchmarks need it: many persons, requests counted, a token for plain requests."""

import datetime
from dataclasses import dataclass
from typing import Any

import requests

from sandbox.demo.browser import TIMEOUT_SECONDS, local_session
from sandbox.demo.processes import DemoError
from sandbox.demo.stand_ins import StandIns
from sandbox.json_body import Json

COMPANY_ID = 7001
LONG_AGO = "2025-03-03T08:00:00Z"
"""When the persons were changed last: not just before the portal first looks."""
ACTIVITY = "POST /v2/activities"
CLIENT = ("sandbox-client", "sandbox-secret")


@dataclass(frozen=True)
class Known:
    """A person in Pipedrive.

    Attributes:
        numbers: in E.164, however Pipedrive has them written.
    """

    person_id: int
    numbers: tuple[str, ...]
    organization_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A request that Pipedrive has answered.

    Attributes:
        at: when the answer left, in seconds since 1970.
        seconds: from its arrival to its answer.
        status: None where the connection was cut without an answer.
    """

    operation: str
    at: float
    seconds: float
    status: int | None
    note: str

    @classmethod
    def of(cls, told: Json) -> "Answered":
        """Read an entry of the stand-in's log."""
        return cls(
            operation=told["operation"],
            at=datetime.datetime.fromisoformat(told["at"]).timestamp(),
            seconds=told["ms"] / 1_000,
            status=told["status"],
            note=str((told["body"] or {}).get("note") or ""),
        )

    @property
    def is_activity(self) -> bool:
        """Whether it created an activity."""
        return self.operation == ACTIVITY and self.status is not None and self.status < 300


class StandIn(StandIns):
    """Pipedrive and Mustalinja as their owner sees them."""

    def add_persons(self, count: int) -> int:
        """Add invented persons who have been there for long, none with another's number; the first one's id."""
        added = self._ask("POST", "pipedrive/control/persons/many", json={"count": count, "update_time": LONG_AGO})
        return int(added["first_id"])

    def persons(self, count: int, *, company_id: int = COMPANY_ID) -> list[Known]:
        """So many of the persons who have a number, by id."""
        query = {"n": count, "company_id": company_id}
        told = self._ask("GET", "pipedrive/control/persons/sample", params=query)["persons"]
        known = [Known(each["id"], tuple(each["e164"]), each["org_id"]) for each in told]
        return sorted(known, key=lambda each: each.person_id)

    def create_persons(self, orders: list[Json]) -> list[int]:
        """Somebody in the company creates persons in Pipedrive; their ids. The webhooks tell of each."""
        told = self._ask("POST", "pipedrive/control/persons", json={"persons": orders})
        return [each["id"] for each in told["persons"]]

    def place_calls(self, orders: list[Json]) -> list[str]:
        """Let calls end at Mustalinja, which tells the portal; their ids at Mustalinja."""
        placed = self._ask("POST", "mustalinja/control/calls", json={"calls": orders})["calls"]
        return [str(each["call_id"]) for each in placed]

    def count_anew(self) -> None:
        """Begin to count requests and tokens at nought."""
        self._ask("DELETE", "pipedrive/control/requests/count")

    def counts(self) -> Json:
        """Requests and tokens of the company since then, by operation: Pipedrive's own count."""
        return self._ask("GET", "pipedrive/control/requests/count", params={"company_id": COMPANY_ID})

    def match_as_typed(self) -> None:
        """Have Pipedrive's search find a number only in the very signs in which somebody has typed it."""
        self._ask("POST", "pipedrive/control/switches", json={"search_matching": "raw"})

    def lift_limits(self) -> None:
        """No burst limits and no daily budget for what follows."""
        switches = {"burst_limit": 1_000_000, "search_burst_limit": 1_000_000}
        self._ask("POST", "pipedrive/control/switches", json=switches)
        self._ask("PATCH", f"pipedrive/control/companies/{COMPANY_ID}", json={"daily_tokens": 1_000_000_000})

    def answer_after(self, *, milliseconds: int) -> None:
        """Have every request to Pipedrive take so long; they do not wait for each other."""
        self._ask("POST", "pipedrive/control/switches", json={"delay_ms": milliseconds})

    def hold_bursts_to(self, requests: int) -> None:
        """Refuse what is more than so many requests of one access token within any two seconds."""
        self._ask("POST", "pipedrive/control/switches", json={"burst_limit": requests})

    def order_faults(self, *faults: Json) -> None:
        """Have the next requests that match answered wrongly, or late."""
        self._ask("POST", "pipedrive/control/faults", json={"faults": list(faults)})

    def clear_faults(self) -> None:
        """Forget the faults that are still open."""
        self._ask("DELETE", "pipedrive/control/faults")

    def requests(self, email: str, *, since: int = 0) -> list["Answered"]:
        """The requests that came with an access token of this user's, from the one with this index on."""
        told = self._ask("GET", "pipedrive/control/state", params={"only": "requests", "since_index": since})
        return [Answered.of(each) for each in told["requests"] if each["user"] == email]

    def next_request(self) -> int:
        """The index that the next request will have."""
        told = self._ask("GET", "pipedrive/control/state", params={"only": "requests"})["requests"]
        return int(told[-1]["index"]) + 1 if told else 0

    def pipedrive_as(self, email: str, *, callback: str) -> "PlainPipedrive":
        """Pipedrive's API with an access token of this user's.

        Args:
            callback: the app's registered address.
        """
        code = self._ask("POST", "pipedrive/control/authorize", json={"user_email": email})["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback}
        token = self._ask("POST", "pipedrive/oauth/token", data=form, auth=CLIENT)["access_token"]
        return PlainPipedrive(f"{self.url}/pipedrive/api", token)


class PlainPipedrive:
    """Pipedrive's API without anything of the portal: one request after another."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._http = local_session()
        self._http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: str) -> requests.Response:
        """Read something."""
        return self._checked(self._http.get(f"{self._url}/{path}", params=query, timeout=TIMEOUT_SECONDS))

    def post(self, path: str, body: Json) -> Any:
        """Create something; its JSON."""
        answer = self._http.post(f"{self._url}/{path}", json=body, timeout=TIMEOUT_SECONDS)
        return self._checked(answer).json()["data"]

    def _checked(self, answer: requests.Response) -> requests.Response:
        if not answer.ok:
            raise DemoError(f"the sandbox refused {answer.request.method} {answer.url}: {answer.text}")
        return answer
