"""What is stored of a telephone number, whosever it is and in whichever companies, and erasing it."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from accounts.audit import record
from accounts.audit_entry import Action
from accounts.models import Company, User
from calls.models import Call, FollowUp, LoggingPolicy, NewPerson, NumberChoice, OwnNumber, PersonWord
from calls.redaction import hide_number, redact_deliveries
from integrations.models import Contact, ContactNumber
from support.data_export import DataExport
from support.erasure import clean_the_rest
from support.text_columns import clean_company
from support.traces import Traces

BLANK = {
    "customer_number": "",
    "customer_number_typed": "",
    "person_id": None,
    "person_name": "",
    "organization_id": None,
    "organization_name": "",
    "detail": "",
}
"""What tells who the other side of a call was."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """How much of a number a company has."""

    company: Company
    calls: int
    contacts: int
    others: int


def find_number(number: str) -> list[Found]:
    """In which companies an E.164 number is stored, in columns made for it."""
    calls = _counts(Call.objects.filter(_of_call(number)), "company")
    contacts = _counts(ContactNumber.objects.filter(e164=number), "account__company")
    others: dict[int, int] = {}
    for model, way in ((NumberChoice, "account__company"), (NewPerson, "account__company"), (OwnNumber, "company")):
        for company_id, count in _counts(model._default_manager.filter(number=number), way).items():
            others[company_id] = others.get(company_id, 0) + count
    companies = Company.objects.in_bulk(calls.keys() | contacts.keys() | others.keys())
    return [
        Found(company=company, calls=calls.get(pk, 0), contacts=contacts.get(pk, 0), others=others.get(pk, 0))
        for pk, company in sorted(companies.items(), key=lambda item: item[1].name)
    ]


def erase_number(number: str, *, by: User | None, reason: str) -> list[Found]:
    """Erase an E.164 number and the names of whomever it was, in every company; the calls stay and are counted. What is
    in Pipedrive stays there, and comes back from there unless it is deleted there first.
    """
    found = find_number(number)
    traces = Traces(numbers=frozenset({number}))
    for each in found:
        with transaction.atomic():
            _erase_in(each.company, number)
            record(action=Action.NUMBER_ERASED, actor=by, company=each.company, reason=reason)
        clean_company(each.company.pk, traces)
        DataExport.objects.filter(company=each.company).delete()
    clean_the_rest(traces)
    return found


def _of_call(number: str) -> Q:
    return Q(customer_number=number) | Q(own_number=number) | Q(rep_number=number)


def _counts(rows: "QuerySet[Model]", way: str) -> dict[int, int]:
    counts: dict[int, int] = {}
    for company_id in rows.order_by().values_list(way, flat=True):
        counts[company_id] = counts.get(company_id, 0) + 1
    return counts


def _erase_in(company: Company, number: str) -> None:
    calls = Call.objects.filter(company=company, customer_number=number)
    persons = {pk for pk in calls.values_list("person_id", flat=True) if pk is not None}
    for call in calls.iterator():
        redact_deliveries(call, number=number)
    hide_number(company.pk, number)
    FollowUp.objects.filter(call__in=calls).update(customer_number="", detail="")
    calls.update(**BLANK)
    contacts = Contact.objects.filter(account__company=company, numbers__e164=number)
    persons |= set(contacts.values_list("person_id", flat=True))
    Contact.objects.filter(pk__in=list(contacts.values_list("pk", flat=True))).update(name="")
    ContactNumber.objects.filter(account__company=company, e164=number).delete()
    _forget_persons(company, persons)
    for model in (NumberChoice, NewPerson):
        model._default_manager.filter(account__company=company, number=number).delete()
    OwnNumber.objects.filter(company=company, number=number).delete()
    _unblock(company, number)


def _forget_persons(company: Company, person_ids: set[int]) -> None:
    """Their names in calls with another number of theirs, and the words of these."""
    Call.objects.filter(company=company, person_id__in=person_ids).update(person_name="")
    PersonWord.objects.filter(company=company, person_id__in=person_ids).delete()


def _unblock(company: Company, number: str) -> None:
    policy = LoggingPolicy.of(company)
    if policy.pk is not None and number in policy.blocked_numbers:
        policy.blocked_numbers = [each for each in policy.blocked_numbers if each != number]
        policy.save(update_fields=["blocked_numbers"])
