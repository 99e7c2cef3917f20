"""What the portal reads from its environment, with a message for each thing that must be there."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")


def secret_key() -> str:
    """Django's key, never a default.

    Raises:
        ImproperlyConfigured: SECRET_KEY is missing or empty.
    """
    key: str = env.str("SECRET_KEY", default="")
    if not key:
        msg = "SECRET_KEY is not set. `make .env` writes one into .env; in production set it in the environment."
        raise ImproperlyConfigured(msg)
    return key


def field_encryption_keys() -> list[str]:
    """Fernet keys for tokens and secrets at rest: the first encrypts, all decrypt.

    Raises:
        ImproperlyConfigured: none is set, or one is not a Fernet key.
    """
    keys: list[str] = env.list("FIELD_ENCRYPTION_KEYS", default=[])
    if not keys:
        msg = (
            "FIELD_ENCRYPTION_KEYS is not set: tokens could not be stored safely. `make .env` writes one into .env; "
            "in production set one or more Fernet keys, the newest first, separated by commas."
        )
        raise ImproperlyConfigured(msg)
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError as error:
            msg = f"FIELD_ENCRYPTION_KEYS: key number {position} is not a Fernet key (32 bytes, URL-safe base64)."
            raise ImproperlyConfigured(msg) from error
    return keys


def database() -> dict[str, Any]:
    """DATABASES["default"] from DATABASE_URL, tuned for a web process and workers that write at the same time.

    SQLite: WAL lets readers and a writer work side by side, IMMEDIATE takes the write lock at BEGIN so that the busy
    timeout applies (a DEFERRED transaction that upgrades fails at once: measured, 30 % of writes beside a working
    cluster failed with "database is locked"; with both settings none).
    """
    config: dict[str, Any] = env.db("DATABASE_URL", default="sqlite:///db.sqlite3")
    config["CONN_MAX_AGE"] = None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        if config["NAME"] != ":memory:":
            config["NAME"] = str(BASE_DIR / config["NAME"])
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        config["CONN_HEALTH_CHECKS"] = True
    return config


def email() -> dict[str, Any]:
    """Django's EMAIL_ settings from EMAIL_URL, console by default.

    django-environ drops the first slash of `filemail:///srv/mail`, as of `sqlite:///db.sqlite3`. Where the folder that
    is to hold the mails exists at the root, the absolute path is what was meant; otherwise it is the project's.
    """
    config: dict[str, Any] = env.email_url("EMAIL_URL", default="consolemail://")
    if config["EMAIL_BACKEND"].endswith("filebased.EmailBackend"):
        # `filemail://var/mails`: a URL's host to django-environ, a folder to whoever writes it.
        first_folder = urlsplit(env.str("EMAIL_URL")).netloc
        config["EMAIL_FILE_PATH"] = str(Path(first_folder) / config["EMAIL_FILE_PATH"])
        from_root = Path("/") / config["EMAIL_FILE_PATH"]
        is_absolute = not first_folder and from_root.parent.is_dir() and from_root.parent != Path("/")
        config["EMAIL_FILE_PATH"] = str(from_root if is_absolute else BASE_DIR / config["EMAIL_FILE_PATH"])
    return config


def origin(url: str) -> str:
    """Scheme and host of a URL, as Content-Security-Policy and CSRF settings want them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
