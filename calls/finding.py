"""Finding calls of all companies without reading all of them: every way leads to an index."""

from django.db.models import QuerySet

from accounts.models import Company, User
from calls.models import Call, CallQuerySet
from calls.reasons import Status
from integrations.phone_numbers import read_dialled

NAMED = 10
"""At most so many companies or people are looked for by a word: of one that many share, somebody has to type more."""


def calls_named(calls: CallQuerySet, text: str) -> "QuerySet[Call]":
    """Those by support code, by the customer's number in any spelling, or by Mustalinja's id.

    The indexes of numbers and ids begin with the company, so each company is asked for: without that, SQLite would read
    every call.
    """
    coded = calls.with_code(text)
    if coded.exists():
        return coded
    of_any = calls.filter(company__in=Company.objects.order_by().values("pk"))
    number = read_dialled(text)
    if number is not None and number.e164 and (called := of_any.filter(customer_number=number.e164)).exists():
        return called
    return of_any.filter(external_id=text)


def calls_of_named(calls: CallQuerySet, text: str) -> "QuerySet[Call]":
    """Those by a part of the company's name, else by a part of the rep's email here, else by the whole email of a rep
    who is unknown here.
    """
    companies = list(Company.objects.filter(name__icontains=text).order_by("pk").values_list("pk", flat=True)[:NAMED])
    if companies:
        return calls.filter(company__in=companies)
    people = list(User.objects.filter(email__icontains=text).order_by("pk").values_list("pk", flat=True)[:NAMED])
    if people:
        return calls.filter(rep__in=people)
    return calls.filter(status=Status.WAITING, rep__isnull=True, rep_email=text.lower())
