"""What Pipedrive sends to the app's callback URL: uninstalling (DELETE) and app sharing (POST).

https://pipedrive.readme.io/docs/app-uninstallation,
https://pipedrive.readme.io/docs/app-sharing-adding-apps-to-multiple-users
"""

import json

from sandbox import clock
from sandbox.delivery import Outgoing, basic
from sandbox.json_body import Json
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.state import app_credentials, pipedrive


def uninstall(company: Company, user: Json, timestamp: str | None = None) -> Outgoing:
    """End the user's installation and return the DELETE that tells the app."""
    pipedrive.end_installation(company.id, user["id"])
    body = {
        "client_id": app_credentials()[0],
        "company_id": company.id,
        "user_id": user["id"],
        "timestamp": timestamp or clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return _callback("DELETE", body)


def sharing(company: Company, user: Json, *, is_shared: bool) -> Outgoing:
    """Return the POST that tells the app that it is shared, or no longer."""
    return _callback("POST", {"company_id": company.id, "user_id": user["id"], "isShared": is_shared})


def _callback(method: str, body: Json) -> Outgoing:
    client_id, client_secret, redirect_uri = app_credentials()
    headers = {"Authorization": basic(client_id, client_secret)}
    return Outgoing(method, redirect_uri, json.dumps(body).encode(), headers)
