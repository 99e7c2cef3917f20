"""A line to a server that can be cut: a TCP proxy that closes all connections and lets nobody in for a while."""

import contextlib
import socket
import threading

from tests.sandbox_process import free_port

CHUNK = 65_536


class SeveredLine:
    """Listens on a port of its own and passes everything on, both ways, until it is cut."""

    def __init__(self, host: str, port: int) -> None:
        self.port = free_port()
        self._server = (host, port)
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def mend(self) -> None:
        """Let connections in."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Close every connection, and refuse new ones."""
        if self._listener is not None:
            _close(self._listener)
            self._listener = None
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            _close(end)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _address = listener.accept()
                self._connect(caller)

    def _connect(self, caller: socket.socket) -> None:
        try:
            server = socket.create_connection(self._server)
        except OSError:
            _close(caller)
            return
        with self._lock:
            self._open |= {caller, server}
        for source, target in ((caller, server), (server, caller)):
            threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                target.sendall(chunk)
        with self._lock:
            self._open -= {source, target}
        for end in (source, target):
            _close(end)


def _close(end: socket.socket) -> None:
    """Also wakes whoever waits for it."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
