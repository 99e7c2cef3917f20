"""What the portal makes of its environment, told by its own processes, and what every answer carries."""

import datetime
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule

from accounts.models import User
from calls.heartbeat import beat
from calls.models import WorkerHeartbeat

REPOSITORY = Path(__file__).resolve().parents[1]
KEY = "kQ9nJbVxY5m1rB0cW8uZ3tE7yH2pL6sA4dF0gX1vN9M="
SECRET = "only-for-tests-0123456789-0123456789-0123456789-abcdefghijklmnop"
# Everything is named here, so that no .env of a machine fills a gap.
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "DJANGO_SETTINGS_MODULE": "connector_portal.settings",
    "SECRET_KEY": SECRET,
    "FIELD_ENCRYPTION_KEYS": KEY,
    "DEBUG": "false",
    "SITE_URL": "http://localhost:8000",
    "ALLOWED_HOSTS": "localhost",
    "DATABASE_URL": "sqlite:///:memory:",
    "REDIS_URL": "",
    "EMAIL_URL": "consolemail://",
    "PIPEDRIVE_CLIENT_ID": "id",
    "PIPEDRIVE_CLIENT_SECRET": "secret",
    "PIPEDRIVE_OAUTH_URL": "https://oauth.pipedrive.com",
    "PIPEDRIVE_API_URL": "",
    "MUSTALINJA_API_URL": "",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "console",
}
Answer = subprocess.CompletedProcess[str]


def run(*arguments: str, **changes: str) -> Answer:
    """A Python process of the portal with a changed environment."""
    command = [sys.executable, "-W", "ignore::UserWarning", *arguments]
    environment = ENVIRONMENT | changes
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def settings_say(expression: str, **changes: str) -> Any:
    """What an expression over the settings comes to, as JSON."""
    code = f"import json; from connector_portal import settings as s; print(json.dumps({expression}, default=str))"
    answer = run("-c", code, **changes)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


class TestNeeded:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
            ({"FIELD_ENCRYPTION_KEYS": ""}, "FIELD_ENCRYPTION_KEYS is not set"),
            ({"FIELD_ENCRYPTION_KEYS": "nonsense"}, "key number 1 is not a Fernet key"),
            ({"FIELD_ENCRYPTION_KEYS": f"{KEY},short="}, "key number 2 is not a Fernet key"),
            ({"FIELD_ENCRYPTION_KEYS": f"{KEY},ä"}, "key number 2 is not a Fernet key"),
        ],
    )
    def test_without_it_nothing_starts_and_the_message_says_why(self, changes: dict[str, str], sentence: str) -> None:
        answer = run("manage.py", "check", **changes)
        assert answer.returncode != 0
        assert sentence in answer.stderr
        assert KEY not in answer.stderr
        assert SECRET not in answer.stderr

    def test_with_all_of_it_the_check_is_silent(self) -> None:
        answer = run("manage.py", "check")
        assert (answer.returncode, answer.stderr) == (0, "")

    def test_a_missing_pipedrive_app_is_a_warning_with_a_hint(self) -> None:
        answer = run("manage.py", "check", PIPEDRIVE_CLIENT_ID="")
        assert answer.returncode == 0
        assert "integrations.W001" in answer.stderr
        assert "HINT" in answer.stderr

    def test_several_keys_may_be_given_with_spaces_between(self) -> None:
        keys = [Fernet.generate_key().decode(), KEY]
        said = settings_say("s.FIELD_ENCRYPTION_KEYS", FIELD_ENCRYPTION_KEYS=", ".join(keys))
        assert [key.strip() for key in said] == keys


EMPTY = """{name: getattr(s, name) for name in (
    "DEBUG", "SITE_URL", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "EMAIL_BACKEND", "DEFAULT_FROM_EMAIL", "REDIS_URL",
    "ALLAUTH_TRUSTED_PROXY_COUNT", "PIPEDRIVE_OAUTH_URL", "PIPEDRIVE_API_URL", "MUSTALINJA_API_URL", "ORDERS_SECRETS",
    "STAFF_IDLE_SECONDS", "KEEP_DELIVERIES_DAYS", "KEEP_CALLS_MONTHS", "KEEP_AUDIT_MONTHS", "METRICS_TOKEN",
    "LOG_LEVEL", "LOG_FORMAT")} | {"database": s.DATABASES["default"]["NAME"]}"""
EMPTY_MEANS = {
    "DEBUG": False,
    "SITE_URL": "http://localhost:8000",
    "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "localhost"],
    "CSRF_TRUSTED_ORIGINS": ["http://localhost:8000"],
    "EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend",
    "DEFAULT_FROM_EMAIL": "Mustalinja Connector <asiakaspalvelu@saashop.fi>",
    "REDIS_URL": "",
    "ALLAUTH_TRUSTED_PROXY_COUNT": 0,
    "PIPEDRIVE_OAUTH_URL": "https://oauth.pipedrive.com",
    "PIPEDRIVE_API_URL": "",
    "MUSTALINJA_API_URL": "",
    "ORDERS_SECRETS": [],
    "STAFF_IDLE_SECONDS": 1800,
    "KEEP_DELIVERIES_DAYS": 30,
    "KEEP_CALLS_MONTHS": 24,
    "KEEP_AUDIT_MONTHS": 24,
    "METRICS_TOKEN": "",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "console",
    "database": str(REPOSITORY / "db.sqlite3"),
}


@pytest.mark.parametrize("written", ["", " "])
def test_a_variable_that_is_set_but_empty_is_as_if_it_were_not_set(written: str) -> None:
    names = [name for name in EMPTY_MEANS if name.isupper()]
    empty = dict.fromkeys([*names, "DATABASE_URL", "EMAIL_URL", "TRUSTED_PROXY_COUNT"], written)
    assert settings_say(EMPTY, **empty) == EMPTY_MEANS


def test_a_production_like_environment_passes_the_deployment_checks() -> None:
    answer = run(
        "manage.py",
        "check",
        "--deploy",
        "--fail-level=WARNING",
        SITE_URL="https://connector.saashop.example",
        ALLOWED_HOSTS="connector.saashop.example",
        MUSTALINJA_API_URL="https://api.mustalinja.example",
        REDIS_URL="redis://127.0.0.1:1/0",
    )
    assert answer.returncode == 0, answer.stderr
    assert "no issues" in answer.stdout


def test_plain_http_in_production_is_an_error_of_the_deployment_checks() -> None:
    answer = run("manage.py", "check", "--deploy", MUSTALINJA_API_URL="http://api.mustalinja.example")
    assert answer.returncode != 0
    assert "SITE_URL is not https" in answer.stderr
    assert "MUSTALINJA_API_URL is not https" in answer.stderr


PRAGMAS = """
import django, json; django.setup()
from django.db import connection, transaction
def ask(name):
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA {name}").fetchone()[0]
answers = {name: ask(name) for name in ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")}
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE kept (number INTEGER)")
from django.test.utils import CaptureQueriesContext
with CaptureQueriesContext(connection) as captured, transaction.atomic():
    connection.cursor().execute("INSERT INTO kept VALUES (1)")
print(json.dumps({**answers, "begin": captured.captured_queries[0]["sql"]}))
"""


def test_sqlite_reads_and_writes_side_by_side(tmp_path: Path) -> None:
    answer = run("-c", PRAGMAS, DATABASE_URL=f"sqlite:///{tmp_path}/portal.sqlite3")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == {
        "journal_mode": "wal",
        "busy_timeout": 20_000,
        "synchronous": 1,
        "foreign_keys": 1,
        "begin": "BEGIN IMMEDIATE",
    }
    assert (tmp_path / "portal.sqlite3").exists()


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("filemail:///{tmp}/mails", "{tmp}/mails"),
        ("filemail:////{tmp}/mails", "{tmp}/mails"),
        ("filemail:////{tmp}/gone/mails", "{tmp}/gone/mails"),
        ("filemail:///{tmp}/gone/deeper/mails", "{tmp}/gone/deeper/mails"),
        ("filemail:///{tmp}/with%20space/mails", "{tmp}/with space/mails"),
        ("filemail:/{tmp}/mails", "{tmp}/mails"),
        ("filemail:///no-such-folder-at-the-root", "/no-such-folder-at-the-root"),
        ("filemail://var/mails", "{repository}/var/mails"),
        ("filemail:var/mails", "{repository}/var/mails"),
    ],
)
def test_mails_go_to_a_folder_absolute_or_of_the_project(tmp_path: Path, url: str, folder: str) -> None:
    given = url.format(tmp=str(tmp_path).lstrip("/"))
    expected = folder.format(tmp=tmp_path, repository=REPOSITORY)
    backend, path = settings_say("[s.EMAIL_BACKEND, s.EMAIL_FILE_PATH]", EMAIL_URL=given)
    assert (backend, path) == ("django.core.mail.backends.filebased.EmailBackend", expected)


SEND = """
import django; django.setup()
from django.core.mail import send_mail
send_mail("Subject", "Text", "from@esimerkki.example", ["to@esimerkki.example"])
"""


def test_the_folder_of_mails_is_made_with_its_parents(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "deeper"
    assert run("-c", SEND, EMAIL_URL=f"filemail://{folder}").returncode == 0
    assert [mail.suffix for mail in folder.iterdir()] == [".log"]


def test_an_https_address_makes_cookies_and_redirects_secure() -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "LANGUAGE_COOKIE_SECURE")
    expression = f"[getattr(s, name) for name in {names!r}]"
    assert settings_say(expression, SITE_URL="https://connector.saashop.example/") == [True] * 4
    assert settings_say(expression) == [False] * 4


class TestHealth:
    def test_alive_needs_no_database(self) -> None:
        answer = Client().get("/health/live")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    def test_not_ready_without_a_worker(self, db: None) -> None:
        answer = Client().get("/health/ready")
        assert answer.status_code == 503
        told = {"database": True, "broker": True, "worker": False, "books": True, "workers": []}
        assert answer.json() == told

    def test_ready_with_a_worker_that_has_worked_lately(self, db: None) -> None:
        beat()
        answer = Client().get("/health/ready")
        said = answer.json()
        assert [worker["alive"] for worker in said.pop("workers")] == [True]
        assert (answer.status_code, said) == (200, {"database": True, "broker": True, "worker": True, "books": True})

    def test_not_ready_when_the_worker_has_been_silent(self, db: None) -> None:
        beat()
        WorkerHeartbeat.objects.update(beat_at=timezone.now() - datetime.timedelta(minutes=4))
        assert Client().get("/health/ready").status_code == 503


PAGES = ["/", "/accounts/login/", "/accounts/signup/", "/integrations/", "/calls/", "/accounts/license/", "/no-such/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_carries_the_security_headers(path: str, aino: User, browser_of: Callable[[User], Client]) -> None:
    for client in (Client(), browser_of(aino)):
        headers = client.get(path).headers
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert (policy["default-src"], policy["object-src"]) == ("'self'", "'none'")
        assert (policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'")
        assert "https://oauth.pipedrive.com" in policy["form-action"]
        assert "unsafe" not in headers["Content-Security-Policy"]


def rows() -> list[tuple[Any, ...]]:
    return list(
        Schedule.objects.order_by("pk").values_list("pk", "name", "func", "schedule_type", "minutes", "repeats")
    )


@pytest.mark.django_db
class TestSchedules:
    def test_migrate_leaves_them_in_place(self) -> None:
        kept = rows()
        assert {row[1] for row in kept} >= {"calls.tasks.sweep", "calls.tasks.keep_tokens_alive"}
        call_command("migrate", verbosity=0)
        assert rows() == kept

    def test_migrate_puts_them_in_place(self) -> None:
        names = {row[1] for row in rows()}
        Schedule.objects.all().delete()
        call_command("migrate", verbosity=0)
        assert {row[1] for row in rows()} == names

    def test_setting_them_up_twice_leaves_the_same_rows(self) -> None:
        Schedule.objects.all().delete()
        call_command("setup_schedules", stdout=io.StringIO())
        kept = rows()
        call_command("setup_schedules", stdout=io.StringIO())
        assert rows() == kept
        assert len(kept) == len({row[1] for row in kept})

    def test_it_mends_what_was_changed_and_removes_what_is_ours_and_gone(self) -> None:
        kept = rows()
        Schedule.objects.filter(name="calls.tasks.sweep").update(minutes=99)
        Schedule.objects.create(name="calls.tasks.sweep", func="calls.tasks.sweep", schedule_type="I", minutes=5)
        Schedule.objects.create(name="old", func="calls.tasks.gone", schedule_type="I", minutes=5)
        foreign = Schedule.objects.create(name="theirs", func="math.floor", schedule_type="I", minutes=5)
        call_command("setup_schedules", stdout=io.StringIO())
        assert [row for row in rows() if row[0] != foreign.pk] == kept
        assert Schedule.objects.filter(pk=foreign.pk).exists()

    def test_every_job_names_a_function_that_exists(self) -> None:
        import_of = {row[2] for row in rows()}
        for dotted in import_of:
            module, _dot, name = dotted.rpartition(".")
            __import__(module)
            assert callable(getattr(sys.modules[module], name))


@pytest.mark.parametrize(("secret", "says"), [("x" * 31, "shorter than 32"), ("whsec_" + "ä" * 40, "not base64")])
def test_an_order_secret_that_could_be_guessed_or_signs_nothing_is_told(secret: str, says: str) -> None:
    answer = run("manage.py", "check", ORDERS_SECRETS=f"{'a' * 32},{secret}")
    assert answer.returncode != 0
    assert f"ORDERS_SECRETS: secret number 2 {'is ' if 'shorter' in says else 'begins with whsec_ but is '}{says}" in (
        answer.stderr
    )
