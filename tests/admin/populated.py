"""Rows of every kind that the admin shows."""

import datetime
import json
import uuid
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import models
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success, Task

from accounts.audit_entry import Action, AuditEntry
from accounts.models import Company, License, Order, User
from calls.follow_up import FollowUp
from calls.models import (
    Book,
    Call,
    Drift,
    LoggingPolicy,
    NewPerson,
    NumberChoice,
    OwnNumber,
    Resend,
    WebhookDelivery,
    WorkerHeartbeat,
)
from calls.planned_call import PlannedCall
from calls.reasons import Reason, Status
from integrations.backfills import Backfill
from integrations.models import (
    ContactIndex,
    MustalinjaAccount,
    PendingRevocation,
    PipedriveAccount,
    PipedriveConnection,
    PipedriveSubscription,
    TokenSpending,
)
from support.retention_report import RetentionReport
from tests.calls.events import ended_call

SECRETS = [
    "access-token-of-bo",
    "refresh-token-of-bo",
    "refresh-token-to-revoke",
    "mustalinja-api-secret",
    "whsec_c2lnbmluZy1zZWNyZXQ=",
    "whsec_cHJldmlvdXMtc2VjcmV0",
    "key-of-the-webhook-address",
    "password-of-pipedrives-webhooks",
    "secret-of-the-authenticator-app",
]
"""What `one_of_each` writes and no page may show."""
NUMBER = "+358400124387"


def one_of_each(number: int = 0) -> dict[type[models.Model], models.Model]:
    """One row of every model of the admin; with another number another company and all that hangs on it."""
    now = timezone.now()
    company = Company.objects.create(name=f"Yritys {number} Oy")
    user = User.objects.create_user(f"rep{number}@yritys.example", company=company)
    rows: list[models.Model] = [
        company,
        user,
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True),
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": SECRETS[8]}),
        License.objects.create(company=company, holder=user, redeemed_at=now),
        Order.objects.create(number=f"W-{number}", kind=Order.Kind.NEW, company=company, seats=1),
        LoggingPolicy.objects.create(company=company),
        OwnNumber.objects.create(company=company, number=NUMBER),
        *_links(company, user, number=number, now=now),
        *_calls(company, user, now=now),
        *_queue(number=number, now=now),
        WorkerHeartbeat.objects.create(worker=str(number), beat_at=now),
        AuditEntry.objects.create(company=company, actor=user, action=Action.RIGHTS),
        RetentionReport.objects.create(removed={"calls": number}),
    ]
    kinds: dict[type[models.Model], models.Model] = {type(row): row for row in rows}
    for proxy in (Success, Failure):
        kinds[proxy] = proxy.objects.order_by("-started").first() or rows[0]
    kinds.pop(Task, None)
    return kinds


def _links(company: Company, user: User, *, number: int, now: datetime.datetime) -> list[models.Model]:
    suffix = f"-{number}" if number else ""
    account = PipedriveAccount.objects.create(company=company, pipedrive_company_id=7000 + number, name=f"PD {number}")
    connection = PipedriveConnection.objects.create(
        user=user,
        account=account,
        pipedrive_user_id=100 + number,
        email=user.email,
        api_url="https://esimerkki.pipedrive.com",
        access_token=SECRETS[0],
        refresh_token=SECRETS[1],
        access_token_ends_at=now,
        refreshed_at=now,
    )
    mustalinja = MustalinjaAccount.objects.create(
        company=company,
        api_key=f"key-{number}",
        api_secret=SECRETS[3],
        secret=SECRETS[4],
        previous_secret=SECRETS[5],
        previous_secret_ends_at=now + datetime.timedelta(hours=1),
        webhook_key=SECRETS[6] + suffix,
    )
    subscription = PipedriveSubscription.objects.create(
        account=account, owner=connection, key=f"key-of-pipedrive{suffix}", password=SECRETS[7]
    )
    backfill = Backfill.objects.create(company=company, cause=Backfill.Cause.NIGHTLY, since=now, ended_at=now)
    index = ContactIndex.objects.create(account=account, reader=connection, region="FI")
    spending = TokenSpending.objects.create(account=account, day=now.date(), operation="activity", requests=1, tokens=5)
    choice = NumberChoice.objects.create(account=account, number=NUMBER, person_id=5, chosen_by=user)
    person = NewPerson.objects.create(account=account, number=NUMBER, person_id=6)
    pending = PendingRevocation.objects.create(refresh_token=SECRETS[2])
    return [account, connection, mustalinja, backfill, subscription, index, spending, pending, choice, person]


def _calls(company: Company, user: User, *, now: datetime.datetime) -> list[models.Model]:
    call = Call.objects.create(
        company=company,
        external_id=uuid.uuid4().hex,
        rep_key=f"email:{user.email}",
        rep=user,
        rep_email=user.email,
        direction="in",
        answered=True,
        result="answered",
        customer_number=NUMBER,
        customer_number_typed="0400124387",
        started_at=now,
        status=Status.FAILED,
        reason=Reason.PIPEDRIVE_REFUSED,
        detail="POST /api/v2/activities: 400",
        next_attempt_at=None,
    )
    return [
        call,
        a_delivery(company, outcome="accepted", call=call),
        Book.objects.create(company=company, day=now.date(), received=1),
        Drift.objects.create(company=company, what="queue", first_seen=now, last_seen=now, count=1, known_since=now),
        Resend.objects.create(by=user, reason="asked", count=1, calls=[call.pk]),
        FollowUp.objects.create(company=company, call=call, customer_number=NUMBER, due_on=now.date()),
        PlannedCall.objects.create(company=company, call=call),
    ]


def a_delivery(company: Company, **fields: Any) -> WebhookDelivery:
    body = json.dumps(fields.pop("event_body", None) or ended_call()).encode()
    return WebhookDelivery.objects.create(company=company, body=body, event="call.ended", **fields)


def _queue(*, number: int, now: datetime.datetime) -> list[models.Model]:
    done = {"func": "calls.tasks.sweep", "started": now, "stopped": now, "name": f"task {number}"}
    Task.objects.create(id=uuid.uuid4().hex, success=True, **done)
    Task.objects.create(id=uuid.uuid4().hex, success=False, result="ValueError", **done)
    schedule = Schedule.objects.create(name=f"job {number}", func="math.floor", schedule_type=Schedule.MINUTES)
    return [schedule, OrmQ.objects.create(key="connector", payload="", lock=now)]
