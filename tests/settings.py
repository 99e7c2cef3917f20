"""The portal's own settings with an environment of their own: nothing of the machine's .env reaches the tests."""

import os
import tempfile

os.environ.update(
    {
        "SECRET_KEY": "only-for-tests-0123456789-0123456789-0123456789-0123456789",
        "FIELD_ENCRYPTION_KEYS": "kQ9nJbVxY5m1rB0cW8uZ3tE7yH2pL6sA4dF0gX1vN9M=",
        "DEBUG": "false",
        "SITE_URL": "http://localhost:8000",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "EMAIL_URL": "memorymail://",
        "PIPEDRIVE_CLIENT_ID": "sandbox-client",
        "PIPEDRIVE_CLIENT_SECRET": "sandbox-secret",
        "PIPEDRIVE_OAUTH_URL": "https://oauth.pipedrive.com",
        "PIPEDRIVE_API_URL": "",
        "MUSTALINJA_API_URL": "",
        "METRICS_TOKEN": "",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "console",
    }
)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{tempfile.gettempdir()}/connector-tests.sqlite3")
# Inside the tests' own process the database is the broker; the processes they start get the machine's Redis.
broker = os.environ.pop("REDIS_URL", "")

from connector_portal.settings import *  # noqa: E402, F403

os.environ["REDIS_URL"] = broker

# Each test's client looks through all static files anew otherwise, once they are collected: 64 ms, which was a third of
# the whole run.
WHITENOISE_AUTOREFRESH = True

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# A file and not memory: threads share a database in memory by another kind of lock, which knows no waiting.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    folder = tempfile.TemporaryDirectory(prefix="connector-tests-", ignore_cleanup_errors=True)
    DATABASES["default"]["TEST"] = {"NAME": f"{folder.name}/db.sqlite3"}  # noqa: F405
