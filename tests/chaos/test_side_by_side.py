"""What a newer version leaves in the queue does not stop an older one's worker.

What it leaves among the schedules is in tests/calls/test_schedules.py.
"""

from pathlib import Path

import pytest

from tests.portal.processes import manage
from tests.portal.running_portal import running_portal
from tests.portal.tenants import new_number, ready_tenant
from tests.sandbox.running_sandbox import wait_until

pytestmark = pytest.mark.processes

SECONDS_UNTIL_DROPPED = 30.0
UNKNOWN = ("calls.tasks.of_a_later_version", "calls.of_a_later_version.task")
LEAVE_TASKS = f"""
from django.conf import settings
from django.core import signing
from django_q.brokers import get_broker
from django_q.tasks import async_task

class ClassOfALaterVersion:
    def dumps(self, _):
        return b"cconnector_of_later\\nThing\\n."

get_broker().enqueue(signing.dumps(None, key=settings.SECRET_KEY, salt="connector", serializer=ClassOfALaterVersion))
for function in {UNKNOWN}:
    async_task(function, 1)
"""


def test_tasks_of_a_later_version_are_dropped_with_a_line_in_the_log_each(tmp_path: Path) -> None:
    expected = ["connector_of_later", *(f"Function {function} is not defined" for function in UNKNOWN)]
    with running_portal(tmp_path, keeps_logs=True) as portal:
        manage(portal.environment, "shell", "--verbosity", "0", "--command", LEAVE_TASKS)
        log = tmp_path / "worker-1.log"
        wait_until(lambda: all(line in log.read_text() for line in expected), SECONDS_UNTIL_DROPPED, every=0.2)
        tenant, aino = ready_tenant(portal)
        tenant.contact(number := new_number())
        aino.wait_for_call(tenant.ring(aino, from_=number), "logged")
        assert [worker.poll() for worker in portal.workers] == [None]
        assert "processes are replaced" not in log.read_text(), "and nothing had to be started anew"
