"""Which worker this process belongs to."""

import datetime
import os
import socket
import uuid
from dataclasses import dataclass, field

from django.utils import timezone


@dataclass(frozen=True)
class Identity:
    """A worker and the group of processes that works for it now.

    Attributes:
        worker: the supervisor's own id, the same as long as it runs.
        group: new with every start of the group; what it had taken is free again once it is dead.
        group_before: the group that this one replaces, dead by now; empty for the first.
        restarts: how many groups there were before.
        pid: the supervisor's.
    """

    worker: str = ""
    group: str = ""
    group_before: str = ""
    restarts: int = 0
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    started_at: datetime.datetime = field(default_factory=timezone.now)

    def with_new_group(self) -> "Identity":
        """The same worker with its next group."""
        return Identity(
            worker=self.worker or uuid.uuid4().hex,
            group=uuid.uuid4().hex,
            group_before=self.group,
            restarts=self.restarts + 1 if self.group else 0,
            host=self.host,
            pid=self.pid,
            started_at=self.started_at,
        )


class _Here:
    identity = Identity()


def become(identity: Identity) -> None:
    """This process, and all that it forks, belong to a worker."""
    _Here.identity = identity


def identity() -> Identity:
    """Which worker this is; one without ids outside of `manage.py worker`."""
    return _Here.identity


def worker_id() -> str:
    """The id of the group of processes that this one belongs to; empty outside of `manage.py worker`."""
    return _Here.identity.group
