"""Pages that show what Pipedrive holds, much as Pipedrive's own would."""

from html import unescape
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from sandbox.control import ControlError
from sandbox.delivery import send
from sandbox.json_body import Json
from sandbox.pipedrive import installation
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.control_records import find
from sandbox.pipedrive.events import announce
from sandbox.pipedrive.persons import remove_person
from sandbox.pipedrive.seed import contact_values
from sandbox.pipedrive.state import app_credentials, pipedrive


def overview(request: HttpRequest) -> HttpResponse:
    """Show every company: users, persons, activities, grants, tokens."""
    client_id, _, redirect_uri = app_credentials()
    install = urlencode({"client_id": client_id, "redirect_uri": redirect_uri})
    with pipedrive.lock:
        companies = [_shown_company(company) for company in pipedrive.companies.values()]
    context = {"companies": companies, "install_query": install}
    return render(request, "sandbox/pipedrive/overview.html", context)


def activity(request: HttpRequest, activity_id: int) -> HttpResponse:
    """Show one activity with all its fields."""
    with pipedrive.lock:
        company, record = _found("activities", activity_id)
        shown = _shown_activity(company, record)
    return render(request, "sandbox/pipedrive/activity.html", {"activity": shown, "fields": shown["fields"]})


def activity_list(request: HttpRequest) -> HttpResponse:
    """Show the activities of every company; `#dialog/activity/<id>` leads to one, as in Pipedrive."""
    with pipedrive.lock:
        companies = [_shown_company(company) for company in pipedrive.companies.values()]
    activities = [each for company in companies for each in company["activities"]]
    return render(request, "sandbox/pipedrive/activity_list.html", {"activities": activities})


def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show a person with the timeline of activities."""
    with pipedrive.lock:
        company, record = _found("persons", person_id)
        timeline = [
            _shown_activity(company, each)
            for each in _newest_first(company)
            if any(link["person_id"] == person_id for link in each["participants"]) and not each["is_deleted"]
        ]
        shown = _shown_person(company, record)
    return render(request, "sandbox/pipedrive/person.html", {"person": shown, "timeline": timeline})


def add_person(request: HttpRequest) -> HttpResponse:
    """Add a person from the overview's form."""
    name = str(request.POST.get("name", "")).strip()
    with pipedrive.lock:
        company = pipedrive.companies.get(int(request.POST.get("company", "0")))
        if company and name:
            owner_id = next(iter(company.users))
            phones = contact_values([str(request.POST["phone"])] if request.POST.get("phone") else [])
            record = company.add_person({"name": name, "owner_id": owner_id, "phones": phones})
            announce(company, "create", "person", record, None, owner_id)
    return HttpResponseRedirect("/pipedrive/")


def delete_person(request: HttpRequest, person_id: int) -> HttpResponse:
    """Delete a person from the overview."""
    with pipedrive.lock:
        company, record = _found("persons", person_id)
        if request.method == "POST" and not record["is_deleted"]:
            remove_person(company, record, record["owner_id"])
    return HttpResponseRedirect("/pipedrive/")


def uninstall(request: HttpRequest) -> HttpResponse:
    """Uninstall the app for a user, as he would in Pipedrive."""
    with pipedrive.lock:
        found = pipedrive.user_by_email(str(request.POST.get("user", "")))
        outgoing = installation.uninstall(*found) if found else None
    if outgoing:
        send(outgoing)
    return HttpResponseRedirect("/pipedrive/")


def _found(kind: str, number: int) -> tuple[Company, Json]:
    try:
        return find(kind, number)
    except ControlError as error:
        raise Http404(str(error)) from error


def _newest_first(company: Company) -> list[Json]:
    return sorted(company.activities.values(), key=lambda each: int(each["id"]), reverse=True)


def _shown_company(company: Company) -> Json:
    grants = [grant for grant in pipedrive.authorizations.as_json() if grant["company_id"] == company.id]
    return {
        "company": company,
        "users": list(company.users.values()),
        "persons": [_shown_person(company, each) for each in list(company.persons.values())[-200:]],
        "activities": [_shown_activity(company, each) for each in _newest_first(company)[:200]],
        "grants": [{**grant, "user": company.users[grant["user_id"]]} for grant in grants],
        "spent": sorted(company.spent.items()),
        "spent_total": company.spent.total(),
        "webhooks": list(company.webhooks.values()),
    }


def _shown_person(company: Company, record: Json) -> Json:
    return {
        **record,
        "organization": company.organizations.get(record["org_id"]),
        "owner": company.users[record["owner_id"]],
        "company_name": company.name,
    }


def _shown_activity(company: Company, record: Json) -> Json:
    return {
        **record,
        "person": company.persons.get(record["person_id"]),
        "organization": company.organizations.get(record["org_id"]),
        "owner": company.users.get(record["owner_id"]),
        "company_name": company.name,
        "fields": sorted(record.items()),
        "note_lines": [unescape(line) for line in (record["note"] or "").split("<br>")],
    }
