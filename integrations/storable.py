"""JSON from outside as a database can take it."""

from typing import Any


def storable(value: Any) -> Any:
    """A JSON value without what JSON allows and no database takes: NUL and lone surrogates."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    return value
