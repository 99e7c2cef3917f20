"""OAuth as Pipedrive does it: codes, refresh tokens that stay, revoking, uninstalling."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.running_sandbox import Client, Json, Receiver, Sandbox

pytestmark = pytest.mark.processes


def _authorize(sandbox: Sandbox, **changes: str) -> requests.Response:
    query = {"client_id": "sandbox-client", "redirect_uri": sandbox.redirect_uri, "state": "s-1", **changes}
    return sandbox.http.get(f"{sandbox.url}/pipedrive/oauth/authorize", params=query, allow_redirects=False)


def _decide(sandbox: Sandbox, answer: str, **changes: str) -> tuple[str, dict[str, list[str]]]:
    form = {"client_id": "sandbox-client", "redirect_uri": sandbox.redirect_uri, "answer": answer, **changes}
    url = f"{sandbox.url}/pipedrive/oauth/authorize"
    location = sandbox.http.post(url, data=form, allow_redirects=False).headers["Location"]
    return location, parse_qs(urlsplit(location).query)


def test_the_consent_page_offers_every_active_user(sandbox: Sandbox) -> None:
    page = _authorize(sandbox).text
    assert "aino@esimerkki.example" in page
    assert "cecilia@toinen.example" in page
    assert "eino@esimerkki.example" not in page
    assert 'name="state" value="s-1"' in page


@pytest.mark.parametrize("changes", [{"client_id": "x"}, {"redirect_uri": "http://evil.example/"}])
def test_another_client_or_address_is_an_error(sandbox: Sandbox, changes: Json) -> None:
    assert _authorize(sandbox, **changes).json() == {"error": "Invalid redirect URL"}


def test_allowing_returns_code_and_state(sandbox: Sandbox) -> None:
    location, query = _decide(sandbox, "allow", state="s-1", user="bo@esimerkki.example")
    assert location.startswith(sandbox.redirect_uri)
    assert query["state"] == ["s-1"]
    tokens = sandbox.redeem(query["code"][0]).json()
    assert tokens["expires_in"] == 3599
    assert tokens["token_type"] == "Bearer"
    assert tokens["api_domain"] == f"{sandbox.url}/pipedrive"
    assert "activities:full" in tokens["scope"].split(",")
    assert len(tokens["access_token"]) > 255


def test_denying_returns_the_error(sandbox: Sandbox) -> None:
    assert _decide(sandbox, "deny", state="s-1")[1] == {"error": ["user_denied"], "state": ["s-1"]}


def test_an_installation_from_the_marketplace_has_no_state(sandbox: Sandbox) -> None:
    assert "state" not in _decide(sandbox, "allow", user="bo@esimerkki.example")[1]
    overview = sandbox.http.get(f"{sandbox.url}/pipedrive/").text
    assert "Install from Marketplace" in overview


def test_a_code_works_once(sandbox: Sandbox) -> None:
    code = sandbox.order("pipedrive/control/authorize", user_email="aino@esimerkki.example")["code"]
    assert sandbox.redeem(code).status_code == 200
    again = sandbox.redeem(code)
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"
    assert again.json()["success"] is False


@pytest.mark.parametrize(("seconds", "status"), [(295, 200), (301, 400)])
def test_a_code_lives_five_minutes(sandbox: Sandbox, seconds: int, status: int) -> None:
    code = sandbox.order("pipedrive/control/authorize", user_email="aino@esimerkki.example")["code"]
    sandbox.order("pipedrive/control/clock", advance_seconds=seconds)
    assert sandbox.redeem(code).status_code == status


def test_the_redirect_address_must_be_the_same(sandbox: Sandbox) -> None:
    code = sandbox.order("pipedrive/control/authorize", user_email="aino@esimerkki.example")["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://evil.example/"}
    assert sandbox.token(**form).status_code == 400


def test_a_refresh_keeps_the_refresh_token_and_the_old_access_token(sandbox: Sandbox) -> None:
    first = sandbox.install()
    second = sandbox.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    for tokens in (first, second):
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert sandbox.http.get(f"{sandbox.url}/pipedrive/api/v1/users/me", headers=headers).ok


def test_an_access_token_ends_after_its_hour(sandbox: Sandbox, aino: Client) -> None:
    sandbox.order("pipedrive/control/clock", advance_seconds=3590)
    assert aino("GET", "v1/users/me").status_code == 200
    sandbox.order("pipedrive/control/clock", advance_seconds=10)
    refused = aino("GET", "v1/users/me")
    assert refused.status_code == 401
    assert refused.headers["x-401-by-gw"] == "true"
    assert refused.json()["errorCode"] == 401


def test_a_refresh_token_dies_after_60_idle_days(sandbox: Sandbox) -> None:
    tokens = sandbox.install()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    day = 24 * 3600
    for days, status in [(59, 200), (59, 200), (61, 400)]:
        sandbox.order("pipedrive/control/clock", advance_seconds=days * day)
        assert sandbox.token(**refresh).status_code == status


def test_a_wrong_refresh_token_is_an_invalid_grant(sandbox: Sandbox) -> None:
    answer = sandbox.token(grant_type="refresh_token", refresh_token="nonsense")
    assert answer.status_code == 400
    assert answer.json() == {
        "success": False,
        "message": "Invalid grant: refresh token is invalid",
        "error": "invalid_grant",
    }


def test_the_client_must_authenticate(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/pipedrive/oauth/token"
    form = {"grant_type": "refresh_token", "refresh_token": sandbox.install()["refresh_token"]}
    assert sandbox.http.post(url, data=form).json()["error"] == "invalid_client"
    assert sandbox.http.post(url, data=form, auth=("sandbox-client", "x")).status_code == 401
    in_body = {**form, "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    assert sandbox.http.post(url, data=in_body).status_code == 200
    assert sandbox.http.post(url, json=form, auth=("sandbox-client", "sandbox-secret")).status_code == 400
    assert sandbox.token(grant_type="password").json()["error"] == "unsupported_grant_type"


def _revoke(sandbox: Sandbox, token: str) -> int:
    url = f"{sandbox.url}/pipedrive/oauth/revoke"
    return sandbox.http.post(url, data={"token": token}, auth=("sandbox-client", "sandbox-secret")).status_code


def test_revoking_the_refresh_token_ends_all_the_users_grants(sandbox: Sandbox) -> None:
    first, second = sandbox.install(), sandbox.install()
    other = sandbox.install("bo@esimerkki.example")
    assert _revoke(sandbox, first["refresh_token"]) == 200
    refresh = {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]}
    assert sandbox.token(**refresh).status_code == 400
    assert sandbox.token(grant_type="refresh_token", refresh_token=other["refresh_token"]).ok
    assert [grant["alive"] for grant in sandbox.state("grants")["grants"]] == [False, False, True]


def test_revoking_an_access_token_ends_only_that_one(sandbox: Sandbox) -> None:
    tokens = sandbox.install()
    assert _revoke(sandbox, tokens["access_token"]) == 200
    assert _revoke(sandbox, "nonsense") == 200
    assert sandbox.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).ok


def test_the_control_expires_tokens_and_kills_grants(sandbox: Sandbox, aino: Client) -> None:
    assert sandbox.order("pipedrive/control/tokens/expire") == {"expired": 1}
    assert aino("GET", "v1/users/me").status_code == 401
    tokens = sandbox.install()
    sandbox.order("pipedrive/control/grants/kill", user_email="aino@esimerkki.example")
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert sandbox.token(**refresh).json()["error"] == "invalid_grant"


def test_uninstalling_calls_the_app_back(sandbox: Sandbox, receiver: Receiver, aino: Client) -> None:
    answer = sandbox.order("pipedrive/control/uninstall", user_email="aino@esimerkki.example")
    assert answer["delivery"]["status"] == 200
    callback = receiver.received[0]
    assert (callback.method, callback.path) == ("DELETE", "/callback/")
    basic = base64.b64encode(b"sandbox-client:sandbox-secret").decode()
    assert callback.headers["authorization"] == f"Basic {basic}"
    assert callback.json().keys() == {"client_id", "company_id", "user_id", "timestamp"}
    assert aino("GET", "v1/users/me").status_code == 401


def test_sharing_calls_the_app_back(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.order("pipedrive/control/share", user_email="bo@esimerkki.example", is_shared=True)
    callback = receiver.received[0]
    assert callback.method == "POST"
    assert callback.json()["isShared"] is True


def test_missing_scopes_are_403(sandbox: Sandbox, aino: Client) -> None:
    sandbox.order("pipedrive/control/switches", scopes=["base"])
    assert aino("GET", "v1/users").status_code == 200, "a grant keeps the scopes it was given"
    sandbox.order("pipedrive/control/switches", scopes=["base"], existing_grants=True)
    refused = aino("GET", "v1/users")
    assert refused.status_code == 403
    assert refused.json()["error"] == "Scope and URL mismatch"
    assert aino("GET", "v1/users/me").status_code == 200
