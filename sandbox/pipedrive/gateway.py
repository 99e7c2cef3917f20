"""What stands before every operation: log, delay, ordered faults, bearer token, scopes, limits, costs."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from sandbox import clock
from sandbox.faults import answer_with
from sandbox.json_body import Json, NotJsonError, json_body
from sandbox.pipedrive.answers import Refusal, default_error, gateway_error, refused
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.grants import AccessToken
from sandbox.pipedrive.limits import Place
from sandbox.pipedrive.state import pipedrive


@dataclass
class Call:
    """One request to the API, once its token is known to be good."""

    request: HttpRequest
    company: Company
    user: Json

    @property
    def query(self) -> dict[str, str]:
        """Return the query parameters; of repeated ones the last."""
        return {name: str(value) for name, value in self.request.GET.items()}

    def body(self) -> Json:
        """Return the JSON body: nothing but JSON is taken."""
        if self.request.content_type != "application/json":
            raise Refusal(415, "Unsupported media type: expected application/json")
        try:
            return json_body(self.request)
        except NotJsonError as error:
            message = f"Bad request: {error}"
            raise Refusal(400, message) from error


@dataclass(frozen=True)
class Operation:
    """One operation: what carries it out, what it costs, and the scopes of which one is enough."""

    handle: Callable[..., HttpResponse]
    tokens: int
    scopes: frozenset[str]
    search: bool = False
    locked: bool = True


@dataclass
class Passage:
    """One request on its way through the gateway; what it gathers goes into the log."""

    request: HttpRequest
    name: str
    operation: Operation | None
    token: AccessToken | None = None
    company: Company | None = None
    user: Json | None = None
    spent: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def identify(self) -> None:
        """Find out whose token the request carries."""
        self.token = pipedrive.authorizations.find(bearer_token(self.request))
        if self.token is not None:
            self.company, self.user = pipedrive.user_of(self.token.grant)

    def carry_out(self, path_arguments: Json) -> HttpResponse:
        """Check everything, then let the operation answer."""
        try:
            operation, call = self._admit()
            if operation.locked:
                with pipedrive.lock:
                    answer = operation.handle(call, **path_arguments)
            else:
                answer = operation.handle(call, **path_arguments)
        except Refusal as refusal:
            answer = refused(refusal)
        for header, value in self.headers.items():
            answer[header] = value
        return answer

    def _admit(self) -> tuple[Operation, Call]:
        if self.token is None or self.company is None or self.user is None:
            self.headers["x-401-by-gw"] = "true"
            raise Refusal(401, "", gateway_error(401, "unauthorized access"))
        if self.operation is None:
            raise Refusal(405, "Method not allowed")
        if self.operation.scopes.isdisjoint(self.token.grant.scopes):
            raise Refusal(403, "", gateway_error(403, "Scope and URL mismatch"))
        with pipedrive.lock:
            self._charge(self.operation, self.company, self.token)
        return self.operation, Call(self.request, self.company, self.user)

    def _charge(self, operation: Operation, company: Company, token: AccessToken) -> None:
        """Take a place in the burst windows and tokens from the budget, or refuse."""
        switches = pipedrive.switches
        if operation.search:
            self._note(pipedrive.burst.take(f"search {token.value}", switches.search_burst_limit))
        self._note(pipedrive.burst.take(token.value, switches.burst_limit))
        enough = company.tokens_left >= operation.tokens
        if enough:
            self.spent = operation.tokens
            company.spent[self.name] += operation.tokens
        self.headers["x-daily-ratelimit-token-limit"] = str(company.daily_tokens)
        self.headers["x-daily-ratelimit-token-remaining"] = str(company.tokens_left if enough else 0)
        if not enough:
            raise Refusal(429, "", gateway_error(429, "Rate limit exceeded"))

    def _note(self, place: Place) -> None:
        self.headers["x-ratelimit-limit"] = str(place.limit)
        self.headers["x-ratelimit-remaining"] = str(place.remaining)
        self.headers["x-ratelimit-reset"] = str(place.reset_seconds)
        if not place.allowed:
            raise Refusal(429, "", gateway_error(429, "Rate limit exceeded"))


def endpoint(name: str, **operations: Operation) -> Callable[..., HttpResponse]:
    """Make the view of one API address from its operations by method."""

    def view(request: HttpRequest, **path_arguments: Any) -> HttpResponse:
        method = request.method or ""
        passage = Passage(request, f"{method} {name}", operations.get(method))
        with pipedrive.lock:
            passage.identify()
        return through(passage, lambda: passage.carry_out(path_arguments))

    return view


def through(passage: Passage, carry_out: Callable[[], HttpResponse]) -> HttpResponse:
    """Delay, go wrong where a fault is ordered, and keep the request in the log."""
    request = passage.request
    started = time.monotonic()
    with pipedrive.lock:
        delay = pipedrive.switches.delay_ms / 1000
        company_id = passage.company.id if passage.company else None
        fault = pipedrive.faults.take(request.method or "", request.path, company_id)
    time.sleep(delay)
    answer = carry_out() if fault is None else answer_with(fault, request, carry_out, default_error)
    dropped = fault is not None and fault.drop
    _log(passage, None if dropped else answer.status_code, faulty=fault is not None, started=started)
    return answer


def bearer_token(request: HttpRequest) -> str:
    """Return the bearer token a request carries, or nothing."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def _log(passage: Passage, status: int | None, *, faulty: bool, started: float) -> None:
    request = passage.request
    with pipedrive.lock:
        pipedrive.requests.append(
            {
                "at": clock.now().isoformat(),
                "method": request.method,
                "path": request.path,
                "operation": passage.name,
                "query": {name: str(value) for name, value in request.GET.items()},
                "body": _logged_body(request),
                "status": status,
                "fault": faulty,
                "tokens": passage.spent,
                "ms": round((time.monotonic() - started) * 1000),
                "user": passage.user["email"] if passage.user else None,
                "company_id": passage.company.id if passage.company else None,
            }
        )


def _logged_body(request: HttpRequest) -> Json | None:
    """Return a JSON body for the log; forms are those of OAuth and hold secrets."""
    if request.content_type != "application/json":
        return None
    try:
        return json_body(request)
    except NotJsonError:
        return None


def not_found(request: HttpRequest) -> JsonResponse:
    """Answer an address the API does not have (any more)."""
    return refused(Refusal(404, f"Unknown method {request.path}."))
