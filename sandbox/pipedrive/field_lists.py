"""`GET /v1/personFields` and `/v2/personFields`: https://developers.pipedrive.com/docs/api/v1/PersonFields"""

from collections.abc import Mapping

from django.http import HttpResponse

from sandbox.pipedrive import queries
from sandbox.pipedrive.answers import success
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.gateway import Call
from sandbox.pipedrive.paging import limit, page
from sandbox.pipedrive.person_fields import BUILT_IN_FIELDS, PersonField


def list_fields(call: Call) -> HttpResponse:
    """List the fields of persons, paged by cursor."""
    fields = {field.id: field for field in _fields(call.company)}
    query: Mapping[str, str] = {name: call.query[name] for name in ("limit", "cursor") if name in call.query}
    rows, cursor = page([{"id": number} for number in fields], query, ("id",))
    return success([fields[row["id"]].as_v2() for row in rows], additional_data={"next_cursor": cursor})


def list_fields_v1(call: Call) -> HttpResponse:
    """List the fields of persons, paged by `start` as API v1 does."""
    fields = _fields(call.company)
    start, size = queries.integer(call.query, "start") or 0, limit(call.query)
    more = len(fields) > start + size
    pagination = {"start": start, "limit": size, "more_items_in_collection": more}
    if more:
        pagination["next_start"] = start + size
    data = [field.as_v1() for field in fields[start : start + size]]
    return success(data, additional_data={"pagination": pagination})


def _fields(company: Company) -> list[PersonField]:
    return [*BUILT_IN_FIELDS, *company.custom_fields.values()]
