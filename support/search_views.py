"""The page of what the search box has found; a single hit is opened at once."""

from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from support.search import SHOWN_AT_MOST, search

LONGEST_TEXT = 200


def search_page(request: HttpRequest) -> HttpResponse:
    """Find what `q` names."""
    typed = request.GET.get("q", "")[:LONGEST_TEXT]
    kinds = search(request, typed)
    hits = [hit for kind in kinds for hit in kind.hits]
    if len(hits) == 1:
        return redirect(hits[0].url)
    context = {
        **site.each_context(request),
        "title": _("Search"),
        "typed": typed,
        "kinds": kinds,
        "shown_at_most": SHOWN_AT_MOST,
    }
    return TemplateResponse(request, "support/search.html", context)
