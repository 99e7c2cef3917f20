"""The sandbox's control, over HTTP: place calls at Mustalinja, look into Pipedrive."""

from typing import Any

from sandbox.demo.browser import TIMEOUT_SECONDS, local_session
from sandbox.demo.processes import DemoError
from sandbox.json_body import Json


class StandIns:
    """Mustalinja and Pipedrive as somebody sees them who owns them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = local_session()

    def place_call(self, order: Json) -> None:
        """Let somebody ring, or be rung."""
        self._ask("POST", "mustalinja/control/calls", json=order)

    def deliver_again(self, call_id: str) -> None:
        """Send the event of a call once more."""
        self._ask("POST", "mustalinja/control/resend", json={"call_id": call_id})

    def has_webhook(self, api_key: str) -> bool:
        """Whether the portal has told Mustalinja where an account's calls go."""
        accounts = self._ask("GET", "mustalinja/control/state")["accounts"]
        return any(each["api_key"] == api_key and each["webhook"] for each in accounts)

    def accepted_deliveries(self) -> dict[str, int]:
        """How often the portal accepted the event of each call."""
        accounts = self._ask("GET", "mustalinja/control/state")["accounts"]
        return {
            call["body"]["call_id"]: sum(200 <= (each["status"] or 0) < 300 for each in call["deliveries"])
            for account in accounts
            for call in account["calls"]
        }

    def pipedrive(self, *parts: str) -> Json:
        """Parts of Pipedrive's state: persons, activities, users."""
        return self._ask("GET", "pipedrive/control/state", params={"only": ",".join(parts)})

    def _ask(self, method: str, path: str, **options: Any) -> Json:
        answer = self._http.request(method, f"{self.url}/{path}", timeout=TIMEOUT_SECONDS, **options)
        if not answer.ok:
            raise DemoError(f"the sandbox refused {method} {path}: {answer.text}")
        told: Json = answer.json()
        return told
