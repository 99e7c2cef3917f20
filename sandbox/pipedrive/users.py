"""Users and activity types, which exist in API v1 only: https://developers.pipedrive.com/docs/api/v1/Users"""

from django.http import HttpResponse

from sandbox.json_body import Json
from sandbox.pipedrive.answers import Refusal, success
from sandbox.pipedrive.gateway import Call


def current_user(call: Call) -> HttpResponse:
    """Return the user whose token it is, and his company."""
    company = {
        "company_id": call.company.id,
        "company_name": call.company.name,
        "company_domain": call.company.domain,
        "company_country": "FI",
        "company_industry": "Other",
        "language": {"language_code": "fi", "country_code": "FI"},
    }
    return success({**_shown(call, call.user), **company})


def list_users(call: Call) -> HttpResponse:
    """Return every user in one answer, deactivated and deleted ones too."""
    return success([_shown(call, user) for user in call.company.users.values()])


def find_users(call: Call) -> HttpResponse:
    """Find users by name, or by e-mail with `search_by_email=1`."""
    term = call.query.get("term", "").lower()
    if not term:
        raise Refusal(400, "Bad request: term is required")
    field = "email" if call.query.get("search_by_email") in ("1", "true") else "name"
    return success([_shown(call, user) for user in call.company.users.values() if term in user[field].lower()])


def list_activity_types(call: Call) -> HttpResponse:
    """Return every activity type, inactive ones too."""
    return success([dict(kind) for kind in call.company.activity_types.values()])


def _shown(call: Call, user: Json) -> Json:
    return {**user, "is_you": user is call.user}
