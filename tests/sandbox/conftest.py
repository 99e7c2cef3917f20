"""The real sandbox in a process of its own, and a small server that receives what it sends."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.sandbox.running_sandbox import Client, Receiver, Sandbox, handler_for, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]


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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    redirect_uri = f"{_receiver.url}/callback/"
    environment = {
        **os.environ,
        "SANDBOX_REDIRECT_URI": redirect_uri,
        "SANDBOX_PIPEDRIVE_RETRIES": "0.05,0.05,0.05",
        "SANDBOX_MUSTALINJA_RETRIES": "0.05,0.05,0.05",
    }
    command = [sys.executable, "-m", "gunicorn", "sandbox.wsgi", "--workers=1", "--threads=16"]
    command += [f"--bind=127.0.0.1:{port}", "--log-level=warning", "--no-control-socket", "--keep-alive=75"]
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment)
    sandbox = Sandbox(f"http://127.0.0.1:{port}", redirect_uri)
    wait_until(lambda: process.poll() is not None or _listens(port), 20)
    assert process.poll() is None, "the sandbox did not start"
    yield sandbox
    sandbox.http.close()
    process.send_signal(signal.SIGTERM)
    process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


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
