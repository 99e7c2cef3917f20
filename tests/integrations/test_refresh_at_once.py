"""An access token that has ended is refreshed once, however many workers find it ended, also when one of them dies."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from tests.integrations.asking_processes import Asking, begin
from tests.integrations.oauth import oauth_requests
from tests.sandbox.running_sandbox import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db]
ENDED = {"access_token_ends_at": "2026-01-01T00:00:00+00:00", "refreshed_at": "2025-12-31T23:00:00+00:00"}
ROTATED = {"access_token": "lost-on-the-way", "refresh_token": "another", "expires_in": 3599}


def refreshes(workers: Asking) -> int:
    """How often the token endpoint was asked after the code was exchanged."""
    return len(oauth_requests(workers.sandbox, "token")) - 1


def kill_in_mid_refresh(workers: Asking, **answer: Any) -> None:
    """A worker is killed while it waits for the new token, and thirty seconds pass."""
    workers.sandbox.order("pipedrive/control/faults", path="oauth/token", hang_seconds=1, **answer)
    victim = workers.ready("ask", threads=1, times=1)
    begin(victim)
    wait_until(lambda: not workers.sandbox.state("faults")["faults"], 20)
    victim.kill()
    victim.communicate()
    wait_until(lambda: refreshes(workers) == 1, 20)
    assert workers.field("access_token_ends_at").startswith("2026-01-01")
    assert workers.field("refreshing_until") is not None
    workers.change(refreshing_until=(timezone.now() - datetime.timedelta(seconds=1)).isoformat())


@pytest.mark.parametrize("why", ["it has ended", "pipedrive refuses it"])
def test_many_workers_refresh_once(workers: Asking, why: str) -> None:
    if why == "it has ended":
        workers.change(**ENDED)
    else:
        workers.sandbox.order("pipedrive/control/tokens/expire")
    workers.sandbox.order("pipedrive/control/faults", path="oauth/token", hang_seconds=0.3, after=True)
    assert workers.work("ask", processes=3, threads=4, times=4) == {"done": 12}
    assert refreshes(workers) == 1


def test_after_a_worker_was_killed_in_mid_refresh_the_next_one_refreshes(workers: Asking) -> None:
    workers.change(**ENDED)
    kill_in_mid_refresh(workers, after=True)
    assert workers.work("ask", processes=2, threads=2, times=2) == {"done": 4}
    assert refreshes(workers) == 2
    assert workers.field("state") == "connected"


def test_where_the_new_refresh_token_died_with_the_worker_the_person_is_asked(workers: Asking) -> None:
    """Pipedrive does not rotate refresh tokens by its documents; if it did, the old one would be of no use."""
    workers.change(**ENDED)
    workers.sandbox.order("pipedrive/control/grants/kill", user_email="bo@esimerkki.example")
    kill_in_mid_refresh(workers, status=200, body=ROTATED)
    assert workers.work("ask", processes=2, threads=2, times=2) == {"GrantDiedError": 4}
    assert workers.field("state") == "reauthorize"
