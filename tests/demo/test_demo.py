"""The demonstration does what it says, and leaves nothing running."""

import os
import signal
import socket
from pathlib import Path

import pytest
import requests

from tests.demo.running_demo import PROC, Demo, press_ctrl_c, wait_until

pytestmark = pytest.mark.processes

PLAYS_SECONDS = 120
ENDS_SECONDS = 30
ALL_RIGHT = "9 of 9 calls ended as expected."
SERVING = "Ctrl-C ends everything."


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return Demo(tmp_path)


def test_every_call_ends_as_expected_and_nothing_is_left(demo: Demo) -> None:
    process = demo.start()

    status = process.wait(PLAYS_SECONDS)

    assert status == 0, demo.output()
    assert ALL_RIGHT in demo.output()
    for cell in ("logged", "waiting: no_contact", "skipped: hidden_number", "waiting: unknown_rep", "Eero Mäkinen"):
        assert cell in demo.output()
    assert demo.leftovers() == []


def test_serving_ends_with_ctrl_c_and_begins_again_with_the_same_database(demo: Demo) -> None:
    first = demo.start("--serve")
    assert wait_until(lambda: SERVING in demo.output() or first.poll() is not None, PLAYS_SECONDS)
    assert ALL_RIGHT in demo.output()
    assert "a free licence" in demo.output()
    assert requests.get(f"http://localhost:{demo.web_port}/", timeout=10).ok
    press_ctrl_c(first)
    assert first.wait(ENDS_SECONDS) == 0
    assert demo.leftovers() == []

    second = demo.start("--serve")
    assert wait_until(lambda: SERVING in demo.output() or second.poll() is not None, PLAYS_SECONDS)
    assert ALL_RIGHT in demo.output()
    assert "a free licence" not in demo.output(), "the people of the first time are there, so no codes are issued"
    second.terminate()
    assert second.wait(ENDS_SECONDS) == 0
    assert demo.leftovers() == []


@pytest.mark.skipif(not PROC.is_dir(), reason="finding the portal's process needs /proc")
def test_a_process_that_dies_ends_the_rest_and_is_named_with_its_log(demo: Demo) -> None:
    process = demo.start("--serve")
    assert wait_until(lambda: bool(demo.marked("connector_portal.wsgi")), PLAYS_SECONDS)

    os.kill(demo.marked("connector_portal.wsgi")[0], signal.SIGKILL)

    assert process.wait(ENDS_SECONDS) == 1
    assert "web ended by itself" in demo.output()
    assert demo.leftovers() == []


def test_a_port_in_use_is_said_and_nothing_is_started(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", demo.web_port))
        taken.listen()
        process = demo.start("--serve")

        assert process.wait(ENDS_SECONDS) == 1
        assert f"Port {demo.web_port} cannot be used" in demo.output()
        assert demo.marked() == []
