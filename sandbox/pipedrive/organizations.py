"""Organisations and deals as far as a phone connector reads them."""

from django.http import HttpResponse

from sandbox.pipedrive import queries
from sandbox.pipedrive.answers import Refusal, success
from sandbox.pipedrive.gateway import Call
from sandbox.pipedrive.paging import page
from sandbox.pipedrive.state import pipedrive
from sandbox.pipedrive.visibility import sees


def get_organization(call: Call, organization_id: int) -> HttpResponse:
    """Return one organisation: https://developers.pipedrive.com/docs/api/v1/Organizations"""
    organization = call.company.organizations.get(organization_id)
    if organization is None or organization["is_deleted"]:
        raise Refusal(404, "Organization not found")
    if not sees(call.user, organization):
        raise Refusal(pipedrive.switches.unseen_status, "You do not have permission to view this organization")
    return success(dict(organization))


def list_deals(call: Call) -> HttpResponse:
    """List deals: https://developers.pipedrive.com/docs/api/v1/Deals#getDeals"""
    query = call.query
    chosen = [each for each in call.company.deals.values() if not each["is_deleted"]]
    for name in ("owner_id", "person_id", "org_id"):
        if (number := queries.integer(query, name)) is not None:
            chosen = [each for each in chosen if each[name] == number]
    if "status" in query:
        statuses = queries.words(query, "status", ("open", "won", "lost", "deleted"))
        chosen = [each for each in chosen if each["status"] in statuses]
    rows, cursor = page(chosen, query, ("id", "update_time", "add_time"))
    return success([dict(row) for row in rows], additional_data={"next_cursor": cursor})
