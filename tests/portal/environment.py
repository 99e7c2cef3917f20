"""What the programs that a test starts find in their environment."""

import os

UNSET = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DJANGO_SETTINGS_MODULE")
KEYS = {
    "SECRET_KEY": "only-for-tests-0123456789-0123456789-0123456789-0123456789",
    "FIELD_ENCRYPTION_KEYS": "kQ9nJbVxY5m1rB0cW8uZ3tE7yH2pL6sA4dF0gX1vN9M=",
    "PIPEDRIVE_CLIENT_ID": "sandbox-client",
    "PIPEDRIVE_CLIENT_SECRET": "sandbox-secret",
    "METRICS_TOKEN": "metrics-token-of-the-tests",
}


def machine_and_keys() -> dict[str, str]:
    """The machine's own, without what is the portal's, and keys that all of the portal's programs share."""
    return {name: value for name, value in os.environ.items() if name not in UNSET} | KEYS
