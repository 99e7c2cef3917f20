"""The real sandbox in a process of its own, and a small server that receives what it sends."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest

from tests.sandbox.running_sandbox import Client, Receiver, Sandbox, handler_for
from tests.sandbox_process import running_sandbox


@pytest.fixture(scope="session")
def _receiver() -> Iterator[Receiver]:
    receiver = Receiver("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(receiver))
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def receiver(_receiver: Receiver) -> Receiver:
    """Return the receiving server, emptied."""
    _receiver.received.clear()
    _receiver.answers.clear()
    return _receiver


@pytest.fixture(scope="session")
def _running(_receiver: Receiver) -> Iterator[Sandbox]:
    with running_sandbox(redirect_uri=f"{_receiver.url}/callback/") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_running: Sandbox) -> Sandbox:
    """Return the sandbox as it is at its start."""
    _running.order("pipedrive/control/reset")
    _running.order("mustalinja/control/reset")
    return _running


@pytest.fixture
def aino(sandbox: Sandbox) -> Client:
    """Return the API as Aino sees it, an admin of Esimerkki Oy."""
    return sandbox.client()
