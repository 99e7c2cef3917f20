"""What must be there before a worker can work: database, migrations, broker."""

import logging
import time
from collections.abc import Callable

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django_q.brokers import get_broker
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


def wait_for_surroundings(give_sign: Callable[[], None]) -> None:
    """Return once everything is there. What is missing is logged once, however long it takes.

    Args:
        give_sign: told every second that this is a wait and no hang.
    """
    told = ""
    while missing := _what_is_missing():
        if missing != told:
            logger.warning("the worker waits: %s", missing)
            told = missing
        give_sign()
        time.sleep(RETRY_SECONDS)
    if told:
        logger.info("the worker has what it waited for")


def _what_is_missing() -> str:
    """What keeps a worker from working, in one line; empty when nothing does."""
    try:
        if _lacks_migrations():
            return "the database lacks migrations; `python manage.py migrate` brings them"
        get_broker().ping()
    except DatabaseError as error:
        return f"the database does not answer: {_first_line(error)}"
    except RedisError as error:
        return f"Redis does not answer: {_first_line(error)}"
    finally:
        connection.close()
    return ""


def _lacks_migrations() -> bool:
    """Whether the database is older than this code. A newer one is no harm."""
    connection.ensure_connection()
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
