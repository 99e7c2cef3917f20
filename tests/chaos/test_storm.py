"""Everything goes wrong at once, and in the end every call is in Pipedrive exactly once."""

import logging
import os
import re
from pathlib import Path

import pytest

from tests.chaos.bad_answers import bad_answers_given, order_bad_answers
from tests.chaos.cast import ESIMERKKI_OY, TOINEN_OY, gather
from tests.chaos.disasters import Disasters
from tests.chaos.plan import Plan
from tests.chaos.reckoning import reckon, wait_until_all_are_done
from tests.chaos.telephone_system import TelephoneSystem
from tests.portal.process_tree import kill_all, processes_named
from tests.portal.running_portal import running_portal

logger = logging.getLogger(__name__)
pytestmark = pytest.mark.processes

COMPANIES = ((ESIMERKKI_OY, ("aino", "bo")), (TOINEN_OY, ("cecilia",)))
HAS_SERVERS = os.environ.get("DATABASE_URL", "").startswith("postgres") and bool(os.environ.get("REDIS_URL"))
WORKERS = 3 if HAS_SERVERS else 2
"""Of three, one is lost for good."""
POSTED = re.compile(r"POST \S+/v2/activities: 20\d ")
"""The line of integrations/http.py for an activity that was made."""
LONG = 1_000
SECONDS_AT_LEAST, SECONDS_A_CALL = 420.0, 0.2


def test_every_call_is_logged_once_whatever_is_killed_lost_or_repeated(tmp_path: Path, plan: Plan) -> None:
    with running_portal(tmp_path, workers=WORKERS, keeps_logs=True) as portal:
        cast = gather(portal, companies=COMPANIES)
        telephones = TelephoneSystem(cast)
        order_bad_answers(portal.sandbox, seed=plan.seed, is_long=len(plan.calls) >= LONG)
        patience = SECONDS_AT_LEAST + SECONDS_A_CALL * len(plan.calls)
        with Disasters(portal, plan.seed) as disasters:
            told = telephones.tell(plan)
        wait_until_all_are_done(cast, seconds=patience)
        later = {call.call_id for call, planned in zip(told, plan.calls, strict=True) if planned.told_later}
        again = telephones.tell_again([call for call in told if call.call_id in later])
        wait_until_all_are_done(cast, seconds=patience)
        # Nobody is left who could still send something.
        portal.end_workers()
        kill_all(processes_named(portal.url))
        given = bad_answers_given(portal.sandbox)
        logger.info("bad answers of Pipedrive: %s", given)
        logger.info("what the telephone system was answered: %s", dict(telephones.answers))
        reckon(cast, [*(call for call in told if call.call_id not in later), *again]).check()
        assert len(workers_that_posted(tmp_path)) > 1, "the work is shared"
        assert sum(given.values()) > 0
        assert disasters.kills > 1
        assert disasters.web_restarts > 0
        telephones.close()


def workers_that_posted(log_folder: Path) -> list[str]:
    """The workers that have made activities, by their logs."""
    return [log.stem for log in log_folder.glob("worker-*.log") if POSTED.search(log.read_text(errors="replace"))]
