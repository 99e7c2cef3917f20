"""What the portal reads from its environment, with a message for each thing that must be there."""

import base64
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

SHORTEST_SECRET = 32
CONNECT_SECONDS = 4
"""PostgreSQL's client waits for two minutes unless it is told; `?connect_timeout=` in DATABASE_URL says otherwise."""

env = environ.Env()
env.read_env(BASE_DIR / ".env")
# What is set but empty, as Docker Compose hands on what its host does not set, is as if it were not set.
env.ENVIRON = {name: value for name, value in os.environ.items() if value.strip()}


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


def order_secrets() -> list[str]:
    """The secrets of SaaShop's web shop, each for a bearer token or, when it begins with `whsec_`, for signatures.

    Raises:
        ImproperlyConfigured: one could be guessed, or is no key for signatures though it looks like one.
    """
    secrets: list[str] = env.list("ORDERS_SECRETS", default=[])
    for position, secret in enumerate(secrets, start=1):
        if len(secret) < SHORTEST_SECRET:
            msg = f"ORDERS_SECRETS: secret number {position} is shorter than {SHORTEST_SECRET} characters."
            raise ImproperlyConfigured(msg)
        if secret.startswith("whsec_"):
            try:
                base64.b64decode(secret.removeprefix("whsec_"), validate=True)
            except ValueError as error:
                msg = f"ORDERS_SECRETS: secret number {position} begins with whsec_ but is not base64 after it."
                raise ImproperlyConfigured(msg) from error
    return secrets


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
        config.setdefault("OPTIONS", {}).setdefault("connect_timeout", CONNECT_SECONDS)
    return config


def email() -> dict[str, Any]:
    """Django's EMAIL_ settings from EMAIL_URL, console by default."""
    config: dict[str, Any] = env.email_url("EMAIL_URL", default="consolemail://")
    if config["EMAIL_BACKEND"].endswith("filebased.EmailBackend"):
        config["EMAIL_FILE_PATH"] = _mail_folder(env.str("EMAIL_URL"))
    return config


def _mail_folder(url: str) -> str:
    """The absolute folder of `filemail:///srv/mail`, or the project's of `filemail://var/mail`. django-environ drops
    the first slash of the one and takes `var` of the other for a host.
    """
    parts = urlsplit(url)
    folder = unquote(parts.netloc + parts.path)
    return str(BASE_DIR / re.sub("^/+", "/", folder))


def origin(url: str) -> str:
    """Scheme and host of a URL, as Content-Security-Policy and CSRF settings want them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
