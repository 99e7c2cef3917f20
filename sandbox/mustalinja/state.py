"""The whole state of the Mustalinja stand-in: accounts, their calls, and the deliveries of the webhooks."""

import datetime as dt
import itertools
import threading
import time
from collections import deque
from dataclasses import dataclass, field

from sandbox.faults import FaultQueue
from sandbox.json_body import Json

LOG_LENGTH = 20_000


@dataclass
class PlacedCall:
    """One ended call: the body every reader gets, and when it ended."""

    number: int
    body: Json
    ended_at: dt.datetime
    deliveries: list[Json] = field(default_factory=list)


@dataclass
class Registration:
    """Where the account's webhooks go, and how they authenticate: signed, bearer, basic or url."""

    url: str
    secret: str
    events: list[str]
    auth: str = "signed"


@dataclass
class Account:
    """A customer of Mustalinja."""

    api_key: str
    api_secret: str
    company: str
    number: str
    users: list[Json]
    registration: Registration | None = None
    calls: list[PlacedCall] = field(default_factory=list)


class Mustalinja:
    """Everything Mustalinja would keep. Take `lock` around every use."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Start from the demo accounts again: no calls, no webhook."""
        self.accounts = _demo_accounts()
        self.faults = FaultQueue()
        self.requests: deque[Json] = deque(maxlen=LOG_LENGTH)
        # A portal that outlives the sandbox knows the call ids of earlier runs.
        self.next_number = itertools.count(int(time.time())).__next__

    def account(self, api_key: str) -> Account | None:
        """Find an account by its key."""
        return next((each for each in self.accounts if each.api_key == api_key), None)

    def call(self, call_id: str) -> tuple[Account, PlacedCall] | None:
        """Find the latest call with this id."""
        for account in self.accounts:
            for call in reversed(account.calls):
                if call.body.get("call_id") == call_id:
                    return account, call
        return None


def _demo_accounts() -> list[Account]:
    first = [
        _user("u-7", "Aino Virtanen", "aino@esimerkki.example", "+358400124371"),
        _user("u-8", "Bo Lindqvist", "bo@esimerkki.example", "+358400124372"),
        _user("u-9", "Daniel Forsman", "daniel@esimerkki.example", "+358400124373"),
    ]
    second = [_user("u-20", "Cecilia Nurmi", "cecilia@toinen.example", "+358400124381")]
    return [
        Account("demo-key", "demo-secret", "Esimerkki Oy", "+358941235000", first),
        Account("other-key", "other-secret", "Toinen Oy", "+358941236000", second),
    ]


def _user(number: str, name: str, email: str, phone: str) -> Json:
    return {"id": number, "name": name, "email": email, "number": phone}


mustalinja = Mustalinja()
