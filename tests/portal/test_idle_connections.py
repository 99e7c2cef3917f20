"""Browsers open connections ahead of need; whoever says nothing must not keep others from being answered."""

import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests

from tests.portal.running_portal import Portal

pytestmark = pytest.mark.processes


def test_silent_connections_stop_nobody(portal: Portal) -> None:
    address = urlsplit(portal.url)
    assert address.hostname is not None
    assert address.port is not None
    with ExitStack() as open_sockets:
        for _socket in range(6):
            open_sockets.enter_context(socket.create_connection((address.hostname, address.port)))
        for _request in range(5):
            assert requests.get(f"{portal.url}/health/live", timeout=5).status_code == 200
