"""The page where calls are placed by hand."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from sandbox.control import ControlError
from sandbox.json_body import Json
from sandbox.mustalinja.calls import place_call
from sandbox.mustalinja.state import Account, mustalinja
from sandbox.mustalinja.webhook import send_call

NUMBERS = [
    ("+358400124387", "Eero Mäkinen"),
    ("+358400124388", "Helmi Koskela"),
    ("+358400124389", "Ilmari Saarinen"),
    ("+358400124391", "Olli"),
    ("+358400124392", "shared by two persons"),
    ("+358941234567", "landline"),
    ("+46701234567", "Swedish"),
    ("+358400124399", "nobody in Pipedrive"),
]


def overview(request: HttpRequest) -> HttpResponse:
    """Show the forms and what became of each call."""
    with mustalinja.lock:
        accounts = [_shown(account) for account in mustalinja.accounts]
    context = {"accounts": accounts, "numbers": NUMBERS}
    return render(request, "sandbox/mustalinja/overview.html", context)


def ring(request: HttpRequest) -> HttpResponse:
    """Place a call from the form."""
    form = request.POST
    direction, _, outcome = str(form.get("kind", "in-answered")).partition("-")
    order: Json = {
        "account": form.get("account"),
        "user_email": str(form.get("user", "")),
        "direction": direction,
        "answered": outcome == "answered",
        "number": str(form.get("other_number") or form.get("number", "")),
        "hidden": form.get("hidden") == "on",
        "talk_seconds": int(form.get("talk_seconds") or 172),
    }
    try:
        with mustalinja.lock:
            send_call(*place_call(order))
    except ControlError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    return HttpResponseRedirect("/mustalinja/")


def resend(request: HttpRequest) -> HttpResponse:
    """Deliver a call once more."""
    with mustalinja.lock:
        found = mustalinja.call(str(request.POST.get("call_id", "")))
        if found:
            send_call(*found)
    return HttpResponseRedirect("/mustalinja/")


def _shown(account: Account) -> Json:
    return {
        "account": account,
        "users": account.users,
        "url": account.registration.url if account.registration else None,
        "calls": [
            {"body": call.body, "from": call.body.get("from"), "deliveries": list(call.deliveries)}
            for call in reversed(account.calls[-100:])
        ],
    }
