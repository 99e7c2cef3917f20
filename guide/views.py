"""Public pages: the FAQ, the documentation, and a search over both."""

from typing import Any

from django.http import Http404
from django.utils.translation import get_language
from django.views.generic import TemplateView

from guide.pages import DOCUMENTATION, FAQ, documentation, read_page
from guide.search import search


class FaqView(TemplateView):
    """Questions that are asked again and again."""

    template_name = "guide/faq.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(page=read_page(FAQ, get_language()), **kwargs)


class DocumentationView(TemplateView):
    """What there is to read."""

    template_name = "guide/documentation.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(pages=documentation(get_language()), **kwargs)


class PageView(TemplateView):
    """One page of the documentation."""

    template_name = "guide/page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        slug = self.kwargs["slug"]
        if slug not in DOCUMENTATION:
            raise Http404
        language = get_language()
        return super().get_context_data(page=read_page(slug, language), pages=documentation(language), **kwargs)


class SearchView(TemplateView):
    """What answers a question, each with a link to the very place."""

    template_name = "guide/search.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET.get("q", "").strip()
        return super().get_context_data(query=query, hits=search(query, get_language()), **kwargs)
