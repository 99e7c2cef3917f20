"""Statements that Django compiles once. For intake alone, where compiling is what costs: measured, the ORM takes
0.45 ms for a SELECT of one row and 0.5 ms for an INSERT of a call, of which SQLite needs 0.03 ms. The SQL is Django's
own, made from the models, so that a new column needs nothing here.
"""

import threading
from collections.abc import Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery
from django.db.models.sql.compiler import SQLCompiler

PLAIN = {
    models.BigIntegerField,
    models.BooleanField,
    models.CharField,
    models.EmailField,
    models.ForeignKey,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
    models.TextField,
}
"""Fields whose values a database takes as Python has them: nothing is to be prepared, which is most of a call."""

Row = TypeVar("Row", bound=models.Model)


class Select(Generic[Row]):
    """A SELECT of one row by the same columns each time.

    Args:
        where: names of columns, each equal to a value that is given when asked.
        columns: what is read; another column is fetched when somebody looks at it.
    """

    def __init__(self, model: type[Row], *, where: tuple[str, ...], columns: tuple[str, ...]) -> None:
        self.model = model
        self.where = where
        self.columns = [each.attname for each in model._meta.concrete_fields if each.attname in columns]
        self._of_thread = threading.local()

    def first(self, *values: Any) -> Row | None:
        """A row with these values, in the order of `where`; None where there is none."""
        found = self.columns_of(*values)
        return None if found is None else self.model.from_db(DEFAULT_DB_ALIAS, self.columns, found)

    def columns_of(self, *values: Any) -> Sequence[Any] | None:
        """The same row's columns, in the model's order: making a model of them takes as long as asking for them."""
        compiler, sql, converters = self._compiled()
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(sql, values)
            found = cursor.fetchone()
        if found is None:
            return None
        (row,) = compiler.apply_converters([found], converters)
        return row

    def _compiled(self) -> tuple[SQLCompiler, str, Any]:
        """Once a thread: each has a connection of its own, to which the converters of values belong."""
        known: tuple[SQLCompiler, str, Any] | None = getattr(self._of_thread, "compiled", None)
        if known is None:
            known = self._of_thread.compiled = self._compile()
        return known

    def _compile(self) -> tuple[SQLCompiler, str, Any]:
        rows = self.model._default_manager.order_by().values_list(*self.columns)
        for each in self.where:
            # One by one: Django sorts what one filter is given, and the values come in the order of `where`.
            rows = rows.filter(**{each: 0})
        compiler = rows[:1].query.get_compiler(DEFAULT_DB_ALIAS)
        sql, _samples = compiler.as_sql()
        return compiler, sql, compiler.get_converters([expression for expression, _sql, _alias in compiler.select])


def insert(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model, which get their primary keys.

    Raises:
        django.db.DatabaseError: none was stored.
    """
    for row, (pk,) in zip(rows, _run(rows, returning="pk", ignores_conflicts=False), strict=True):
        _has_been_stored(row, pk)


def insert_unless_there(rows: Sequence[Row], *, key: str) -> list[Row]:
    """Insert new rows of one model, without those that a constraint keeps out; gives those that were stored, with their
    primary keys.

    Args:
        key: the name of a column that tells the rows apart.
    """
    by_key = {getattr(row, key): row for row in rows}
    stored = []
    for pk, value in _run(rows, returning=key, ignores_conflicts=True):
        _has_been_stored(by_key[value], pk)
        stored.append(by_key[value])
    return stored


def _has_been_stored(row: models.Model, pk: int) -> None:
    row.pk = pk
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def _run(rows: Sequence[models.Model], *, returning: str, ignores_conflicts: bool) -> list[tuple[Any, ...]]:
    connection = connections[DEFAULT_DB_ALIAS]
    sql, fields = _insert(type(rows[0]), connection.vendor, returning, ignores_conflicts, len(rows))
    values = [
        getattr(row, each.attname) if is_plain else each.get_db_prep_save(each.pre_save(row, True), connection)  # noqa: FBT003
        for row in rows
        for each, is_plain in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


@cache
def _insert(
    model: type[models.Model],
    _vendor: str,
    returning: str,
    ignores_conflicts: bool,  # noqa: FBT001
    count: int,
) -> tuple[str, list[tuple[Any, bool]]]:
    """The statement for so many rows in the dialect of a database, and the fields whose values it takes; with each
    whether a row has the value as the database takes it.
    """
    fields = [each for each in model._meta.local_concrete_fields if not each.primary_key]
    query = InsertQuery(model, on_conflict=OnConflict.IGNORE if ignores_conflicts else None)
    query.insert_values(fields, [model()])
    compiler = query.get_compiler(DEFAULT_DB_ALIAS)
    compiler.returning_fields = [model._meta.pk]
    if returning != "pk":
        compiler.returning_fields.append(model._meta.get_field(returning))
    ((sql, _samples),) = compiler.as_sql()
    one_row = f"({', '.join(['%s'] * len(fields))})"
    return sql.replace(one_row, ", ".join([one_row] * count)), [(each, type(each) in PLAIN) for each in fields]
