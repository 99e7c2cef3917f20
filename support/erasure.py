"""Erasing a person, or a number of whomever: what tells of them goes, what only counts stays.

The one place for it. Each part that holds something of people in a form of its own is named here; after that every text
column of the company is searched, so that nothing is left where nobody has thought of it.
"""

import logging
from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django_q.models import OrmQ, Task

from accounts.audit import record
from accounts.audit_entry import Action, AuditEntry
from accounts.models import CodeMail, Company, EmailAlias, Invitation, Letter, License, User
from accounts.roles import let_the_next_one_manage
from accounts.seats import end_invitation, take_back
from calls.erased_reps import erased_key
from calls.models import Call, OwnNumber, WebhookDelivery
from calls.redaction import forget_bodies
from integrations.connections import disconnect
from integrations.models import MustalinjaAccount
from integrations.mustalinja_users import cache_key
from integrations.phone_numbers import read_dialled
from support.data_export import DataExport
from support.text_columns import clean_company, clean_rows_of_nobody
from support.traces import Traces

logger = logging.getLogger(__name__)

AT_ONCE = 500


def erase_person(user: User, *, by: User | None, reason: str) -> None:
    """Erase a person of a company: the account, the connection to Pipedrive, and whatever else tells of them. Their
    calls stay with the company, without the rep. What is in Pipedrive and in Mustalinja stays there.

    The account goes last: by it is known what is to be found, so an erasure that was cut off can be done again.
    """
    key, company, companies = user.pk, user.company, _companies_of(user)
    traces = traces_of(user)
    for company_id in companies:
        _forget_rep(company_id, user, traces)
        clean_company(company_id, traces)
    for model in (Letter, CodeMail):
        model._default_manager.filter(email__in=traces.words).delete()
    clean_the_rest(traces)
    disconnect(user=user)
    _end_sessions(user.pk)
    with transaction.atomic():
        for company_id in companies:
            _forget_rep(company_id, user, traces)
        DataExport.objects.filter(company__in=companies).delete()
        _forget_account(user)
        record(action=Action.ERASED, actor=by, company=company, reason=reason)
    for account_id in MustalinjaAccount.objects.filter(company__in=companies).values_list("pk", flat=True):
        cache.delete(cache_key(account_id))
    logger.info("user %s is erased", key)


def traces_of(user: User) -> Traces:
    """The addresses by which a person is known, their names, and the numbers that Mustalinja has for them."""
    connection = getattr(user, "pipedrive_connection", None)
    aliases = EmailAlias.objects.filter(person=user).values_list("email", flat=True)
    addresses = {user.email, *aliases, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)}
    names = {f"{user.first_name} {user.last_name}".strip(), f"{user.last_name} {user.first_name}".strip()}
    if connection is not None:
        addresses.add(connection.email)
        names.add(connection.name)
    numbers = Call.objects.filter(rep=user).exclude(rep_number="").values_list("rep_number", flat=True).distinct()
    read = (read_dialled(number) for number in numbers)
    whole_names = {name for name in names if " " in name}
    return Traces(
        words=frozenset(addresses - {""}) | whole_names,
        numbers=frozenset(number.e164 for number in read if number is not None and number.e164),
    )


def _companies_of(user: User) -> list[int]:
    """The companies that a person works for or has worked for."""
    found = set(Call.objects.filter(rep=user).order_by().values_list("company", flat=True).distinct())
    found |= set(License.objects.filter(holder=user).values_list("company", flat=True))
    return sorted(found | ({user.company_id} if user.company_id is not None else set()))


def _forget_rep(company_id: int, user: User, traces: Traces) -> None:
    """The person's calls, without the person."""
    theirs = Call.objects.filter(company=company_id, rep=user) | Call.objects.filter(
        company=company_id, rep_email__in=[word.lower() for word in traces.words]
    )
    pks = list(theirs.values_list("pk", flat=True))
    for start in range(0, len(pks), AT_ONCE):
        calls = list(Call.objects.filter(pk__in=pks[start : start + AT_ONCE]))
        for call in calls:
            call.rep_key, call.rep, call.rep_email, call.rep_number = erased_key(call.rep_key), None, "", ""
        Call.objects.bulk_update(calls, ["rep_key", "rep", "rep_email", "rep_number"])
        deliveries = WebhookDelivery.objects.filter(call__in=pks[start : start + AT_ONCE])
        forget_bodies(list(deliveries.values_list("pk", flat=True)))
    OwnNumber.objects.filter(company=company_id, number__in=traces.numbers).delete()
    for invitation in Invitation.objects.filter(company=company_id, email__in=traces.words):
        end_invitation(invitation)


def _forget_account(user: User) -> None:
    for pk in License.objects.filter(holder=user).values_list("pk", flat=True):
        take_back(pk, user)
    if user.company_id is not None:
        list(Company.objects.select_for_update(no_key=True).filter(pk=user.company_id))
        let_the_next_one_manage(user.company_id, after=user)
    AuditEntry.objects.filter(actor=user).update(address=None)
    user.delete()


def _end_sessions(user_id: int) -> None:
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user_id):
            session.delete()


def clean_the_rest(traces: Traces) -> None:
    """What belongs to no company: Django's own log, tasks, sessions, the reasons that staff have written."""
    clean_rows_of_nobody(traces)
    told = [pk for pk, reason in _reasons() if traces.are_in(reason)]
    AuditEntry.objects.filter(pk__in=told).update(reason="")
    failed = [task.pk for task in Task.objects.iterator() if traces.are_in(f"{task.args} {task.kwargs} {task.result}")]
    Task.objects.filter(pk__in=failed).delete()
    queued = [entry.pk for entry in OrmQ.objects.iterator() if traces.are_in(str(entry.task))]
    OrmQ.objects.filter(pk__in=queued).delete()
    # Why somebody of staff views the portal as a customer lies in their session.
    telling = [each.pk for each in Session.objects.iterator() if traces.are_in(str(each.get_decoded()))]
    Session.objects.filter(pk__in=telling).delete()


def _reasons() -> Iterable[tuple[int, str]]:
    return AuditEntry.objects.exclude(reason="").order_by().values_list("pk", "reason").iterator()
