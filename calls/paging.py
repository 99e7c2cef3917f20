"""Pages of calls by a place in time instead of a page number: as quick at any depth, and they do not shift."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from calls.filters import is_year_of_calls
from calls.models import Call


class NewestFirst(CursorPagination):
    """Pages that do not shift when calls come in."""

    ordering = ("-started_at", "-id")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def encode_cursor(self, cursor: Cursor) -> str:
        """A link with the public address, whatever name the portal was called by: a proxy may call it by another."""
        link = urlsplit(super().encode_cursor(cursor))
        return f"{settings.SITE_URL}{link.path}?{link.query}"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of a link that we gave; anything else is a page that does not exist.

        Raises:
            rest_framework.exceptions.NotFound: its position is no time.
        """
        cursor: Cursor | None = super().decode_cursor(request)
        if cursor is None or cursor.position is None:
            return cursor
        try:
            position = parse_datetime(str(cursor.position))
        except ValueError:
            position = None
        if position is None or position.tzinfo is None or not is_year_of_calls(position.year):
            raise NotFound(self.invalid_cursor_message)
        return cursor


def page_of(calls: "QuerySet[Call]", request: HttpRequest) -> dict[str, Any]:
    """The calls of the page that a request asks for, and the queries of the links to its neighbors; None at the ends.

    Raises:
        django.http.Http404: there is no such page.
    """
    pages = NewestFirst()
    try:
        page = pages.paginate_queryset(calls, Request(request))
    except NotFound as error:
        raise Http404(str(error)) from error
    return {"calls": page, "newer": _query(pages.get_previous_link()), "older": _query(pages.get_next_link())}


def _query(link: str | None) -> str | None:
    """What comes after the question mark: the rest of the address is the page's own."""
    return urlsplit(link).query if link else None
