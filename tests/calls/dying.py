"""Processes that die between any two steps, and time that passes without anybody waiting for it."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import F

from calls.models import Call, NewPerson, Turn
from integrations.models import ContactIndex, PipedriveAccount, PipedriveConnection

WITH_TIMES: list[type[models.Model]] = [
    Call,
    Turn,
    NewPerson,
    PipedriveAccount,
    PipedriveConnection,
    ContactIndex,
]
"""Whose times decide what is done when."""


class DiedError(BaseException):
    """The process is dead. No `Exception`, so that no code of ours catches it and goes on."""


@dataclass
class Death:
    """The end of a process at one of its database statements.

    That one and every later statement fails, also those in a `finally`: nothing is written that a dead process would
    not have written. What it has sent over HTTP by then is sent.

    Attributes:
        at_statement: counted from 1.
        is_carried_out: whether it dies right after that statement, or right before it.
        since: counted from the first statement that contains this.
    """

    at_statement: int
    is_carried_out: bool
    since: str = ""
    is_dead: bool = False

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,  # noqa: FBT001 - as Django calls it
        context: dict[str, Any],
    ) -> Any:
        """As Django calls what wraps its statements."""
        if self.is_dead:
            raise DiedError
        if self.since not in sql:
            return execute(sql, params, many, context)
        self.since = ""
        self.at_statement -= 1
        self.is_dead = self.at_statement == 0
        if self.is_dead and not self.is_carried_out:
            raise DiedError
        result = execute(sql, params, many, context)
        if self.is_dead:
            raise DiedError
        return result


def run(work: Callable[[], object], death: Death | None = None) -> bool:
    """Do some work in a process, and say whether it lived to the end of it.

    The connection of a dead process is gone, and with it the transaction that was open.
    """
    if death is None:
        work()
        return True
    try:
        with connection.execute_wrapper(death):
            work()
    except DiedError:
        connection.close()
    return not death.is_dead


def let_time_pass(duration: datetime.timedelta) -> None:
    """Move all times of the rows into the past, which is the same as the clock going on."""
    for model in WITH_TIMES:
        times = [field.name for field in model._meta.concrete_fields if isinstance(field, models.DateTimeField)]
        model._default_manager.update(**{name: F(name) - duration for name in times})
