"""Control of webhooks: how they fare, and losing one."""

from sandbox.control import ControlError, control_view
from sandbox.json_body import Json
from sandbox.pipedrive.state import pipedrive


def webhook_states() -> list[Json]:
    """Return every webhook with its bookkeeping, without its password."""
    now = pipedrive.shifted_now()
    return [
        {
            **{name: value for name, value in webhook.items() if name != "http_auth_password"},
            **company.webhook_health[number].as_json(now),
        }
        for company in pipedrive.companies.values()
        for number, webhook in company.webhooks.items()
    ]


def _lose(_order: Json, webhook_id: int) -> Json:
    """Delete a webhook behind the app's back, as Pipedrive does after three days without success."""
    for company in pipedrive.companies.values():
        if company.webhooks.pop(webhook_id, None) is not None:
            return {"deleted": webhook_id}
    raise ControlError("no such webhook")


webhook = control_view(pipedrive.lock, DELETE=_lose)
