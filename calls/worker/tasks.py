"""What the worker runs to see that it works."""

import logging

from django.db import Error as DatabaseError

from calls import heartbeat

logger = logging.getLogger(__name__)


def beat() -> bool:
    """Every few seconds, the way of every other task: write that this worker works. False when that was impossible."""
    try:
        heartbeat.beat()
    except DatabaseError as error:
        logger.warning("the worker's sign of life could not be written: %s", type(error).__name__)
        return False
    return True
