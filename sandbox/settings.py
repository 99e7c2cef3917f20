"""Settings of the sandbox: no database, no sessions, everything in memory, gone at the end."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
SECRET_KEY = get_random_secret_key()
ROOT_URLCONF = "sandbox.urls"
# Content-Length on every answer, and nothing else.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_CHARSET = "utf-8"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
    }
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    # A fault of the sandbox itself prints its traceback; a 4xx is what the sandbox is for.
    "loggers": {"django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False}},
}

# The app registered in the sandbox's "Developer Hub".
SANDBOX_CLIENT_ID = os.environ.get("SANDBOX_CLIENT_ID", "sandbox-client")
SANDBOX_CLIENT_SECRET = os.environ.get("SANDBOX_CLIENT_SECRET", "sandbox-secret")
SANDBOX_REDIRECT_URI = os.environ.get("SANDBOX_REDIRECT_URI", "http://localhost:8000/integrations/pipedrive/callback/")


def _seconds(name: str, default: str) -> list[float]:
    """Read the waits between the tries of a delivery, e.g. `0.5,2,5`."""
    return [float(wait) for wait in os.environ.get(name, default).split(",") if wait.strip()]


# Pipedrive's own schedule, https://pipedrive.readme.io/docs/guide-for-webhooks-v2
SANDBOX_PIPEDRIVE_RETRIES = _seconds("SANDBOX_PIPEDRIVE_RETRIES", "3,30,150")
SANDBOX_MUSTALINJA_RETRIES = _seconds("SANDBOX_MUSTALINJA_RETRIES", "0.5,2,5,15,60")
