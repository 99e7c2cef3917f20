"""The whole state of the Pipedrive stand-in: one object, one lock."""

import datetime as dt
import threading
from collections import deque
from dataclasses import asdict, dataclass, field

from sandbox import clock, settings
from sandbox.faults import FaultQueue
from sandbox.json_body import Json
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.grants import Authorizations, Grant
from sandbox.pipedrive.limits import RollingWindow
from sandbox.pipedrive.request_log import RequestLog
from sandbox.pipedrive.seed import demo_companies

DEFAULT_SCOPES = [
    "base",
    "users:read",
    "contacts:full",
    "activities:full",
    "deals:read",
    "search:read",
    "webhooks:full",
]
LOG_LENGTH = 20_000


@dataclass
class Switches:
    """What a test or a demonstration can change while the sandbox runs.

    What the real service answers is not known for some of them, so each is a switch: `unseen_status` for a person or
    an organisation the user may not see (403 or 404), `unseen_participant_status` for an activity with one of those
    (200 lets it pass), `gone_participant_status` for an activity with a person who is unknown, deleted or merged away
    (400 or 404), `list_all_webhooks` for whether the list of webhooks is the whole company's, as the API reference
    says, or the user's own.
    """

    access_token_seconds: int = 3599
    delay_ms: int = 0
    search_matching: str = "digits"
    search_lag_seconds: int = 0
    burst_limit: int = 80
    search_burst_limit: int = 10
    check_webhook_urls: bool = True
    deleted_status: int = 404
    unseen_status: int = 403
    unseen_participant_status: int = 403
    gone_participant_status: int = 400
    deliver_webhooks: bool = True
    list_all_webhooks: bool = False
    webhook_duplicates: int = 0
    webhook_delay_ms: int = 0
    scopes: list[str] = field(default_factory=lambda: list(DEFAULT_SCOPES))


class Pipedrive:
    """Everything Pipedrive would keep. Take `lock` around every use."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Start from the demo data again; nobody has installed the app."""
        self.companies = demo_companies()
        self.clock_offset = dt.timedelta()
        self.authorizations = Authorizations(self.shifted_now)
        self.switches = Switches()
        self.faults = FaultQueue()
        self.burst = RollingWindow()
        self.requests = RequestLog()
        self.deliveries: deque[Json] = deque(maxlen=LOG_LENGTH)

    def shifted_now(self) -> dt.datetime:
        """Return the time by which codes, tokens and bans of webhooks live; the control can move it."""
        return clock.now() + self.clock_offset

    def user_by_email(self, email: str) -> tuple[Company, Json] | None:
        """Find a user of any company."""
        for company in self.companies.values():
            for user in company.users.values():
                if user["email"].lower() == email.lower():
                    return company, user
        return None

    def user_of(self, grant: Grant) -> tuple[Company, Json]:
        """Return a grant's company and user."""
        company = self.companies[grant.company_id]
        return company, company.users[grant.user_id]

    def end_installation(self, company_id: int, user_id: int) -> None:
        """Uninstall the app for a user: his grants end and the webhooks made with them are deleted."""
        self.authorizations.end_grants(user_id)
        company = self.companies[company_id]
        company.webhooks = {
            number: webhook for number, webhook in company.webhooks.items() if webhook["owner_id"] != user_id
        }

    def switches_as_json(self) -> Json:
        """Return the switches as they stand."""
        return asdict(self.switches)


def app_credentials() -> tuple[str, str, str]:
    """Return the registered app's client id, its secret and its one callback URL."""
    return (
        settings.SANDBOX_CLIENT_ID,
        settings.SANDBOX_CLIENT_SECRET,
        settings.SANDBOX_REDIRECT_URI,
    )


pipedrive = Pipedrive()
