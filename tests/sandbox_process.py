"""The real sandbox in a process of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.sandbox.running_sandbox import Sandbox, wait_until

REPOSITORY = Path(__file__).resolve().parents[1]


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running_sandbox(*, redirect_uri: str) -> Iterator[Sandbox]:
    """Start the sandbox for an app registered with one callback address; end it afterwards."""
    port = free_port()
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
    try:
        wait_until(lambda: process.poll() is not None or listens(port), 20)
        assert process.poll() is None, "the sandbox did not start"
        yield sandbox
    finally:
        sandbox.http.close()
        process.terminate()
        process.wait(10)
