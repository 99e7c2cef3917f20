"""The REST API the portal pulls from: HTTP Basic with api_key and api_secret, JSON."""

import base64
import binascii
import datetime as dt
import hmac
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from sandbox import clock
from sandbox.faults import answer_with
from sandbox.json_body import Json, NotJsonError, json_body
from sandbox.mustalinja.calls import HELSINKI
from sandbox.mustalinja.state import Account, PlacedCall, Registration, mustalinja

PAGE_SIZE = 100
EVENTS = ["call.ended"]
Handler = Callable[[HttpRequest, Account], HttpResponse]


def api_view(method: str, handle: Handler) -> Callable[[HttpRequest], HttpResponse]:
    """Put log, faults, method and authentication in front."""

    def carry_out(request: HttpRequest) -> HttpResponse:
        if request.method != method:
            return _refusal(405, "method not allowed")
        with mustalinja.lock:
            account = _authenticated(request)
            if account is None:
                return _refusal(401, "wrong api_key or api_secret")
            return handle(request, account)

    def view(request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        with mustalinja.lock:
            fault = mustalinja.faults.take(request.method or "", request.path, None)
        if fault is None:
            answer = carry_out(request)
        else:
            answer = answer_with(fault, request, lambda: carry_out(request), lambda _status: {"error": "fault"})
        _log(request, answer, started)
        return answer

    return view


def _account(_request: HttpRequest, account: Account) -> HttpResponse:
    return JsonResponse({"company": account.company, "users": len(account.users)})


def _users(_request: HttpRequest, account: Account) -> HttpResponse:
    return JsonResponse({"users": account.users})


def _calls(request: HttpRequest, account: Account) -> HttpResponse:
    """List ended calls since a moment, by their end, oldest first, a hundred a page."""
    try:
        since = _since(request.GET.get("since"))
        key = _cursor_key(request.GET.get("cursor"))
    except ValueError:
        return _refusal(400, "since is ISO 8601 and cursor what an earlier answer gave")
    ended = sorted((call for call in account.calls if since is None or call.ended_at >= since), key=_key)
    rest = [call for call in ended if key is None or _key(call) >= key]
    following = rest[PAGE_SIZE : PAGE_SIZE + 1]
    cursor = _cursor(following[0]) if following else None
    return JsonResponse({"calls": [call.body for call in rest[:PAGE_SIZE]], "next_cursor": cursor})


def _register(request: HttpRequest, account: Account) -> HttpResponse:
    """Take the address, secret and events of the account's webhook."""
    try:
        account.registration = registration_from(json_body(request))
    except (NotJsonError, ValueError) as error:
        return _refusal(400, str(error))
    return HttpResponse(status=204)


def registration_from(body: Json) -> Registration:
    """Check a registration; what is wrong is a ValueError."""
    url, secret, events = body.get("url"), body.get("secret"), body.get("events", EVENTS)
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise ValueError("url must be an absolute http(s) address")
    if not isinstance(secret, str) or not secret:
        raise ValueError("secret is required")
    if not isinstance(events, list) or not events or set(events) - set(EVENTS):
        raise ValueError("events must name call.ended")
    auth = body.get("auth", "signed")
    if auth not in ("signed", "bearer", "basic", "url"):
        raise ValueError("auth is signed, bearer, basic or url")
    if auth == "signed":
        _check_secret(secret)
    return Registration(url, secret, events, auth)


def _check_secret(secret: str) -> None:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("secret must be whsec_ and base64") from error
    if not secret.startswith("whsec_") or not key:
        raise ValueError("secret must be whsec_ and base64")


def _since(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    since = dt.datetime.fromisoformat(text)
    return since if since.tzinfo else since.replace(tzinfo=HELSINKI)


def _key(call: PlacedCall) -> tuple[float, int]:
    return call.ended_at.timestamp(), call.number


def _cursor(call: PlacedCall) -> str:
    moment, number = _key(call)
    return base64.urlsafe_b64encode(f"{moment!r} {number}".encode()).decode()


def _cursor_key(text: str | None) -> tuple[float, int] | None:
    if text is None:
        return None
    moment, _, number = base64.urlsafe_b64decode(text).decode().partition(" ")
    return float(moment), int(number)


def _authenticated(request: HttpRequest) -> Account | None:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    try:
        key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    account = mustalinja.account(key) if kind.lower() == "basic" else None
    return account if account and hmac.compare_digest(account.api_secret.encode(), secret.encode()) else None


def _refusal(status: int, error: str) -> HttpResponse:
    answer = JsonResponse({"error": error}, status=status)
    if status == 401:
        answer["WWW-Authenticate"] = 'Basic realm="Mustalinja"'
    return answer


def _log(request: HttpRequest, answer: HttpResponse, started: float) -> None:
    entry: Json = {
        "at": clock.now().isoformat(),
        "method": request.method,
        "path": request.path,
        "query": request.GET.dict(),
        "status": answer.status_code,
        "ms": round((time.monotonic() - started) * 1000),
    }
    with mustalinja.lock:
        mustalinja.requests.append(entry)


account = api_view("GET", _account)
users = api_view("GET", _users)
calls = api_view("GET", _calls)
webhook = api_view("PUT", _register)
