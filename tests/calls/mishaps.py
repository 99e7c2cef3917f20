"""How each reason of the contract comes about."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Company, License, User
from calls.models import Call, LoggingPolicy, OwnNumber
from calls.resume import expire_overdue
from integrations.connections import disconnect
from integrations.models import PipedriveConnection
from tests.calls.steps import Connect, Place, fault, log
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox
from tests.sandbox_process import free_port

BrowserOf = Callable[[User], Client]
POST_ACTIVITY = {"method": "POST", "path": "/activities"}
KNOWN, SHARED, UNKNOWN = "+358400124387", "+358400124392", "+358400999888"
HELPING = ("/log/", "/person/", "/contact/")
LATER = datetime.timedelta(minutes=10)


@dataclass
class Stage:
    """Bo, who is connected, Aino, the company's admin, and what surrounds them."""

    outside: Sandbox
    place: Place
    connected: Connect
    browser_of: BrowserOf
    aino: User
    bo: User

    def policy(self, **changes: Any) -> None:
        LoggingPolicy.objects.update_or_create(company=company_of(self.bo), defaults=changes)

    def ready(self) -> Call:
        """A call whose next request is the one that creates the activity."""
        log(self.place())
        return self.place()

    @cached_property
    def bos_browser(self) -> Client:
        return self.browser_of(self.bo)

    @cached_property
    def ainos_browser(self) -> Client:
        return self.browser_of(self.aino)


def queued(stage: Stage) -> Call:
    call = stage.place()
    Call.objects.update(next_attempt_at=timezone.now() + LATER)
    return call


def retrying(stage: Stage) -> Call:
    call = stage.ready()
    PipedriveConnection.objects.update(api_url=f"http://127.0.0.1:{free_port()}")
    return log(call)


def rate_limited(stage: Stage) -> Call:
    call = stage.ready()
    fault(stage.outside, **POST_ACTIVITY, status=429)
    return log(call)


def confirming(stage: Stage) -> Call:
    call = stage.ready()
    fault(stage.outside, **POST_ACTIVITY, after=True, drop=True)
    return log(call)


def no_contact(stage: Stage) -> Call:
    return log(stage.place(from_=UNKNOWN))


def several_contacts(stage: Stage) -> Call:
    stage.policy(several_contacts="ask")
    return log(stage.place(from_=SHARED))


def unknown_rep(stage: Stage) -> Call:
    return log(stage.place(user={"email": "dani@esimerkki.example"}))


def no_license(stage: Stage) -> Call:
    License.objects.filter(holder=stage.bo).update(valid_until=timezone.localdate() - datetime.timedelta(days=1))
    return log(stage.place())


def company_suspended(stage: Stage) -> Call:
    Company.objects.update(suspended_at=timezone.now())
    return log(stage.place())


def pipedrive_not_connected(stage: Stage) -> Call:
    disconnect(user=stage.bo)
    return log(stage.place())


def pipedrive_reauthorize(stage: Stage) -> Call:
    call = stage.ready()
    stage.outside.order("pipedrive/control/grants/kill", user_email=stage.bo.email)
    return log(call)


def pipedrive_account_closed(stage: Stage) -> Call:
    call = stage.ready()
    fault(stage.outside, **POST_ACTIVITY, status=402)
    return log(call)


def activity_type_missing(stage: Stage) -> Call:
    stage.outside.order("pipedrive/control/activity-types", key_string="call", active_flag=False)
    return log(stage.place())


def hidden_number(stage: Stage) -> Call:
    return log(stage.place(from_="", hidden=True))


def short_number(stage: Stage) -> Call:
    return log(stage.place(from_="118"))


def internal_call(stage: Stage) -> Call:
    OwnNumber.objects.create(company=company_of(stage.bo), number=KNOWN, is_entered=True)
    return log(stage.place())


def blocked_number(stage: Stage) -> Call:
    stage.policy(blocked_numbers=["+35840*"])
    return log(stage.place())


def rule(stage: Stage) -> Call:
    stage.policy(in_answered="none")
    return log(stage.place())


def private_number(stage: Stage) -> Call:
    call = log(stage.place())
    stage.bos_browser.post(f"/calls/{call.reference}/private/")
    call.refresh_from_db()
    return log(call)


def pipedrive_refused(stage: Stage) -> Call:
    call = stage.ready()
    fault(stage.outside, **POST_ACTIVITY, status=400, body={"success": False, "error": "no"})
    return log(call)


def expired(stage: Stage) -> Call:
    call = no_contact(stage)
    Call.objects.update(started_at=timezone.now() - datetime.timedelta(days=31))
    expire_overdue()
    call.refresh_from_db()
    return call


def error(stage: Stage) -> Call:
    stage.policy(blocked_numbers=5)
    call = stage.place()
    Call.objects.update(crashes=7)
    return log(call)
