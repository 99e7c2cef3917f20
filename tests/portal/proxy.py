"""A way to a server that can be cut, or fall silent: it takes everything and says nothing."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

CHUNK = 65_536
LOOK_EVERY_SECONDS = 0.05


class Proxy:
    """Passes on what comes to a port of its own.

    Attributes:
        accepted: connections so far.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.accepted = 0
        self._is_silent = threading.Event()
        self._lines: list[socket.socket] = []
        self._accept_soon()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None) -> None:
        self.cut()

    def cut(self) -> None:
        """End all connections and refuse new ones."""
        _close(self._listener)
        for line in self._lines:
            _close(line)
        self._lines.clear()

    def mend(self) -> None:
        """Pass on again."""
        self._is_silent.clear()
        if self._listener.fileno() == -1:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._accept_soon()

    def fall_silent(self) -> None:
        """Take connections and bytes, and pass nothing on."""
        self._is_silent.set()

    def _accept_soon(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = listener.accept()
                self.accepted += 1
                far = socket.create_connection(self._target)
                self._lines += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                while self._is_silent.is_set():
                    threading.Event().wait(LOOK_EVERY_SECONDS)
                target.sendall(chunk)
        _close(target)


def _close(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
