"""The line between the supervisor and its group: signs of life go up, and its end at either side is the other's death.

The kernel closes a dead process's end, whatever it died of, so nothing has to be sent in time for that.
"""

import contextlib
import os
import select
import signal
import socket
import threading
from collections.abc import Callable

PULSE_SECONDS = 1.0


class Lifeline:
    """A pair of sockets: the upper end is the supervisor's alone, the lower is shared by all processes of the group."""

    def __init__(self) -> None:
        self.upper, self._lower = socket.socketpair()
        self.upper.settimeout(0)
        self._lower.settimeout(0)

    def be_supervisor(self) -> None:
        """Keep the upper end only; after the group was forked."""
        self._lower.close()

    def be_group(self) -> None:
        """Keep the lower end only; the group's first process does so before it forks others."""
        self.upper.close()

    def give_sign(self) -> None:
        """Tell the supervisor that the group works. Never waits: what does not fit need not be said."""
        with contextlib.suppress(OSError):
            self._lower.send(b".")

    def hear(self) -> bool:
        """Take all signs that have come; False when every process of the group is gone."""
        with contextlib.suppress(BlockingIOError):
            while True:
                if not self.upper.recv(4096):
                    return False
        return True

    def close(self) -> None:
        self.upper.close()

    def end_with_supervisor(self, pulse: Callable[[], None]) -> None:
        """Have a thread end the whole group once the supervisor is dead, and meanwhile feel this process's pulse.

        Every process of the group does so: one that is not frozen is enough.
        """
        threading.Thread(target=self._watch, args=(pulse,), name="lifeline", daemon=True).start()

    def _watch(self, pulse: Callable[[], None]) -> None:
        while not select.select([self._lower], [], [], PULSE_SECONDS)[0]:
            pulse()
        end_group_now()


def end_group_now() -> None:
    """Kill every process of the group, this one too, even those that are frozen."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
