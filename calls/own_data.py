"""All that the portal holds about a person and their calls, as a file to take along."""

import io
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from accounts.models import ApiToken, License, User
from calls.api import CallSerializer
from calls.data_files import add_json, add_table
from calls.models import Call, CallQuerySet
from calls.own_settings import read_own_settings
from integrations.models import PipedriveConnection

CALLS_AT_ONCE = 500
COLUMNS = tuple(name for name in CallSerializer.Meta.fields if name != "explanation")


def archive_of(user: User) -> bytes:
    """A zip file with `account.json`, `calls.json` and `calls.csv`. However many calls there are, a few hundred are in
    memory at a time, and what is made of them only compressed: 100,000 calls are some megabytes.
    """
    file = io.BytesIO()
    write_archive_of(user, file)
    return file.getvalue()


def write_archive_of(user: User, file: IO[bytes]) -> None:
    """The same into a file."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        add_json(archive, "account", _account(user))
        # Of the company that the person works for now: the calls of an earlier one have stayed with it.
        add_table(archive, "calls", columns=COLUMNS, rows=rows_of(Call.objects.visible_to(user).filter(rep=user)))


def rows_of(calls: CallQuerySet) -> Iterator[dict[str, Any]]:
    """Calls as the JSON API gives them, the first one first. One serializer for all: making it takes longer than what
    it does.
    """
    serializer = CallSerializer()
    for call in calls.select_related("rep").order_by("started_at", "id").iterator(chunk_size=CALLS_AT_ONCE):
        yield serializer.to_representation(call)


def _account(user: User) -> dict[str, Any]:
    connection = PipedriveConnection.objects.filter(user=user).select_related("account").first()
    licenses = License.objects.filter(holder=user).select_related("company")
    return {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "company": user.company.name if user.company else None,
        "company_admin": user.is_company_admin,
        "joined": user.date_joined,
        "last_login": user.last_login,
        "settings": read_own_settings(user),
        "licenses": [
            {"code": each.code, "company": each.company.name, "valid_until": each.valid_until} for each in licenses
        ],
        "pipedrive": {
            "account": connection.account.name,
            "name": connection.name,
            "email": connection.email,
            "connected": connection.connected_at,
        }
        if connection
        else None,
        "api_tokens": list(ApiToken.objects.filter(user=user).values("name", "created_at", "last_used_at")),
    }
