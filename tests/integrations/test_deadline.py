"""Whoever waits for PostgreSQL too long is hung up, one after another, whatever became of the one before."""

import time

import pytest
from django.db import OperationalError, connection

from integrations.deadline import LOOK_EVERY_SECONDS, database_within

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="DATABASE_URL names no PostgreSQL"),
]


def ask_for_long() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(6)")


def test_a_connection_that_is_closed_when_its_time_is_up_ends_no_watch_over_the_others() -> None:
    connection.ensure_connection()
    connection.connection.close()
    with database_within(0):
        time.sleep(3 * LOOK_EVERY_SECONDS)
    connection.close()
    with pytest.raises(OperationalError), database_within(LOOK_EVERY_SECONDS):
        ask_for_long()
    connection.close()


def test_a_shorter_time_inside_a_longer_one_leaves_the_longer_one_in_force() -> None:
    with database_within(3 * LOOK_EVERY_SECONDS):
        with database_within(LOOK_EVERY_SECONDS):
            pass
        with pytest.raises(OperationalError):
            ask_for_long()
    connection.close()
