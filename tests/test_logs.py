"""Log lines, of the portal and of gunicorn, in the format that LOG_FORMAT says."""

import json
from pathlib import Path

import pytest
import requests

from tests.portal.processes import end, start
from tests.sandbox.running_sandbox import wait_until
from tests.sandbox_process import free_port
from tests.test_settings import ENVIRONMENT, run

LOGS = """
import django, logging; django.setup()
logging.getLogger("calls.intake").warning("company %s: a call", 7)
logging.getLogger("django.request").error("gone wrong", exc_info=ValueError("ä\\n"))
"""


def test_json_logs_are_one_object_a_line() -> None:
    lines = run("-c", LOGS, LOG_FORMAT="json").stderr.splitlines()
    first, second = [json.loads(line) for line in lines]
    assert (first["levelname"], first["name"], first["message"]) == ("WARNING", "calls.intake", "company 7: a call")
    assert "ValueError" in second["exc_info"]


WARNED = """
import django, warnings; django.setup()
warnings.warn("old", FutureWarning)
"""


def test_warnings_are_logged_as_everything_else() -> None:
    (line,) = run("-c", WARNED, LOG_FORMAT="json").stderr.splitlines()
    said = json.loads(line)
    assert (said["levelname"], said["name"]) == ("WARNING", "py.warnings")
    assert "FutureWarning: old" in said["message"]


def what_gunicorn_says(log: Path, *options: str, **changes: str) -> list[str]:
    """The lines of a web process from its start to its end, with one request between."""
    address = f"127.0.0.1:{free_port()}"
    command = ["-m", "gunicorn", "connector_portal.wsgi", f"--bind={address}", *options]
    web = start(command, ENVIRONMENT | changes, log=log)
    try:
        wait_until(lambda: answers(f"http://{address}/health/live"), 30)
    finally:
        end(web)
    return log.read_text().splitlines()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


@pytest.mark.processes
def test_gunicorn_logs_one_json_object_a_line_too(tmp_path: Path) -> None:
    changes = {"LOG_FORMAT": "json", "ALLOWED_HOSTS": "127.0.0.1"}
    lines = what_gunicorn_says(tmp_path / "log", "--access-logfile=-", **changes)
    said = [json.loads(line) for line in lines]
    assert {"gunicorn.error", "gunicorn.access"} <= {line["name"] for line in said}
    assert any("Listening at" in line["message"] for line in said)
    assert any('"GET /health/live HTTP/1.1" 200' in line["message"] for line in said)


@pytest.mark.processes
def test_gunicorn_keeps_no_access_log_unless_it_is_told(tmp_path: Path) -> None:
    lines = what_gunicorn_says(tmp_path / "log", LOG_FORMAT="json", ALLOWED_HOSTS="127.0.0.1")
    assert "gunicorn.access" not in {json.loads(line)["name"] for line in lines}


@pytest.mark.processes
@pytest.mark.parametrize("log_format", ["console", ""])
def test_gunicorn_logs_as_ever_for_the_console(tmp_path: Path, log_format: str) -> None:
    lines = what_gunicorn_says(tmp_path / "log", ALLOWED_HOSTS="127.0.0.1", LOG_FORMAT=log_format)
    assert any("[INFO] Listening at" in line for line in lines)


def test_console_logs_say_when_how_bad_and_where() -> None:
    line = run("-c", LOGS).stderr.splitlines()[0]
    assert line.endswith("WARNING calls.intake company 7: a call")


def test_an_unknown_log_format_is_told() -> None:
    assert run("manage.py", "check", LOG_FORMAT="yaml").returncode != 0
