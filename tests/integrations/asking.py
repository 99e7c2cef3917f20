"""One worker process of several that work for the same person: `python -m tests.integrations.asking`.

It speaks JSON on its standard output, and begins when a line comes on its standard input.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "connector_portal.settings"
django.setup()

from django.db import connections  # noqa: E402

from accounts.models import Company, User  # noqa: E402
from integrations.connections import client_for, connect, whose_grant  # noqa: E402
from integrations.errors import IntegrationError  # noqa: E402
from integrations.models import PipedriveConnection  # noqa: E402
from integrations.pipedrive_app import oauth_app  # noqa: E402
from integrations.reauthorize_mails import mail_reauthorize  # noqa: E402


def install(code: str) -> None:
    """Connect the only person there is with a code from Pipedrive's consent page."""
    company = Company.objects.create(name="Esimerkki Oy")
    user = User.objects.create_user("bo@esimerkki.example", company=company)
    grant = oauth_app().exchange_code(code=code)
    connect(user=user, grant=grant, pipedrive_user=whose_grant(grant))


def change(fields: str) -> None:
    """Write fields of the connection."""
    PipedriveConnection.objects.update(**json.loads(fields))


def show(*names: str) -> None:
    """Say what the connection's fields are."""
    _say(json.dumps(PipedriveConnection.objects.values(*names).get(), default=str))


def work(kind: str, threads: str, times: str) -> None:
    """Do something so many times with so many threads, each like a worker of its own, and say what came of it."""
    _say("ready")
    sys.stdin.readline()
    with ThreadPoolExecutor(int(threads)) as pool:
        _say(json.dumps(Counter(pool.map(lambda _time: _once(KINDS[kind]), range(int(times))))))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _once(do: Callable[[PipedriveConnection], object]) -> str:
    try:
        do(PipedriveConnection.objects.select_related("account").get())
    except IntegrationError as error:
        return type(error).__name__
    finally:
        connections.close_all()
    return "done"


KINDS: dict[str, Callable[[PipedriveConnection], object]] = {
    "ask": lambda connection: client_for(connection).me(),
    "search": lambda connection: client_for(connection).search_persons_by_phone("400124387"),
    "mail": lambda connection: mail_reauthorize(connection.pk),
}
COMMANDS: dict[str, Any] = {"install": install, "change": change, "show": show, "work": work}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
