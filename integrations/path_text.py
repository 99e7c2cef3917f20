"""The part of an address that is a key or a reference."""

from django.urls import register_converter


class TextConverter:
    """A part of a path without NUL, which PostgreSQL does not take even to compare."""

    regex = r"[^/\x00]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


TEXT = "text"
"""The name by which addresses use it: `path(f"calls/<{TEXT}:reference>/", ...)`."""
register_converter(TextConverter, TEXT)
