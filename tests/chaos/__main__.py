"""`make chaos`: the storm of 10,000 calls, on SQLite and, where they answer, on PostgreSQL and Redis.

CHAOS_CALLS and CHAOS_SEED choose another size, and the same again.
"""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import redis

CALLS = "10000"
STORM = "tests/chaos/test_storm.py"
DATABASE_URL = "postgres://postgres@127.0.0.1:5432/test"
REDIS_URL = "redis://127.0.0.1:6379/0"


def main() -> int:
    """Play both, one after the other; 0 when nothing was lost and nothing doubled."""
    database_url = os.environ.get("DATABASE_URL") or DATABASE_URL
    redis_url = os.environ.get("REDIS_URL") or REDIS_URL
    failed = _play("SQLite", {})
    if not _has_postgresql(database_url):
        _say(f"Left out: PostgreSQL, since none answers on {urlsplit(database_url).hostname}.")
    elif not _has_redis(redis_url):
        _say(f"Left out: Redis, since none answers on {urlsplit(redis_url).hostname}.")
        failed |= _play("PostgreSQL", {"DATABASE_URL": database_url})
    else:
        failed |= _play("PostgreSQL and Redis", {"DATABASE_URL": database_url, "REDIS_URL": redis_url})
    return failed


def _play(where: str, servers: dict[str, str]) -> int:
    machine = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment = {"CHAOS_CALLS": CALLS, **machine, **servers}
    _say(f"A storm of {environment['CHAOS_CALLS']} calls on {where}")
    command = [
        sys.executable,
        "-m",
        "pytest",
        STORM,
        "--log-cli-level=INFO",
        "--log-cli-format=%(asctime)s %(message)s",
    ]
    return subprocess.run(command, env=environment, check=False).returncode


def _has_postgresql(url: str) -> bool:
    maintenance = urlsplit(url)._replace(scheme="postgresql", path="/postgres").geturl()
    try:
        psycopg.connect(maintenance, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _has_redis(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=3) as server:
            return bool(server.ping())
    except redis.ConnectionError:
        return False


def _say(text: str) -> None:
    sys.stdout.write(f"\n== {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
