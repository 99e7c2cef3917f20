"""Control of the app's installations: consent without a browser, tokens, uninstalling, sharing."""

import threading

from sandbox.control import ControlError, control_view
from sandbox.delivery import send
from sandbox.json_body import Json
from sandbox.pipedrive import installation
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.consent import code_for_user
from sandbox.pipedrive.state import app_credentials, pipedrive


def _authorize(order: Json) -> Json:
    """Say Allow for a user."""
    registered_uri = app_credentials()[2]
    if order.get("redirect_uri", registered_uri) != registered_uri:
        raise ControlError("Invalid redirect URL")
    code = code_for_user(order["user_email"], registered_uri)
    if code is None:
        raise ControlError("no such active user")
    return {"code": code, "state": order.get("state")}


def _expire_tokens(order: Json) -> Json:
    user_id = _user(order)[1]["id"] if "user_email" in order else None
    return {"expired": pipedrive.authorizations.expire_tokens(user_id)}


def _kill_grant(order: Json) -> Json:
    """End a user's grants silently: the next refresh answers invalid_grant."""
    _, user = _user(order)
    return {"killed": len(pipedrive.authorizations.end_grants(user["id"]))}


def _uninstall(order: Json) -> Json:
    """Uninstall as the user would in Pipedrive, and tell what the app answered."""
    with pipedrive.lock:
        company, user = _user(order)
        outgoing = installation.uninstall(company, user, order.get("timestamp"))
    return {"delivery": send(outgoing).as_json()}


def _share(order: Json) -> Json:
    with pipedrive.lock:
        company, user = _user(order)
        outgoing = installation.sharing(company, user, is_shared=order["is_shared"])
    return {"delivery": send(outgoing).as_json()}


def _user(order: Json) -> tuple[Company, Json]:
    found = pipedrive.user_by_email(order["user_email"])
    if found is None:
        raise ControlError("no such user")
    return found


# The app may call back while it handles these two, so they must not hold the state's lock while they wait.
_one_at_a_time = threading.RLock()

authorize = control_view(pipedrive.lock, POST=_authorize)
expire_tokens = control_view(pipedrive.lock, POST=_expire_tokens)
kill_grant = control_view(pipedrive.lock, POST=_kill_grant)
uninstall = control_view(_one_at_a_time, POST=_uninstall)
share = control_view(_one_at_a_time, POST=_share)
