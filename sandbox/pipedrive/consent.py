"""`GET /oauth/authorize`: the page where a user allows or denies the app.

https://pipedrive.readme.io/docs/marketplace-oauth-authorization; without `state` the installation was started
in the Marketplace, and the callback arrives without `state` too.
"""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from sandbox.pipedrive.state import app_credentials, pipedrive


def authorize(request: HttpRequest) -> HttpResponse:
    """Ask the user; a POST is his answer."""
    asked = request.POST if request.method == "POST" else request.GET
    client_id, _, registered_uri = app_credentials()
    if asked.get("client_id") != client_id or asked.get("redirect_uri") != registered_uri:
        return JsonResponse({"error": "Invalid redirect URL"}, status=400)
    state = str(asked["state"]) if "state" in asked else None
    if request.method == "POST":
        return _answer(request, registered_uri, state)
    with pipedrive.lock:
        users = [
            {"company": company.name, "id": user["id"], "name": user["name"], "email": user["email"]}
            for company in pipedrive.companies.values()
            for user in company.users.values()
            if company.active_user(user["id"])
        ]
        scopes = list(pipedrive.switches.scopes)
    context = {
        "users": users,
        "scopes": scopes,
        "client_id": client_id,
        "redirect_uri": registered_uri,
        "state": state,
    }
    return render(request, "sandbox/pipedrive/consent.html", context)


def _answer(request: HttpRequest, redirect_uri: str, state: str | None) -> HttpResponse:
    back = {} if state is None else {"state": state}
    if request.POST.get("answer") != "allow":
        return HttpResponseRedirect(f"{redirect_uri}?{urlencode({'error': 'user_denied', **back})}")
    with pipedrive.lock:
        code = code_for_user(str(request.POST.get("user", "")), redirect_uri)
    if code is None:
        return JsonResponse({"error": "Unknown user"}, status=400)
    return HttpResponseRedirect(f"{redirect_uri}?{urlencode({'code': code, **back})}")


def code_for_user(email: str, redirect_uri: str) -> str | None:
    """Make a code for an active user, as if he had pressed Allow."""
    found = pipedrive.user_by_email(email)
    if found is None or found[0].active_user(found[1]["id"]) is None:
        return None
    return pipedrive.authorizations.issue_code(found[0].id, found[1]["id"], redirect_uri)
