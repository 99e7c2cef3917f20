"""The page of the test call, and the part of it that renews itself."""

import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView
from django_htmx.http import replace_url

from accounts.access import PeopleOnlyMixin
from calls.trial_call import WATCHED_FOR, trial_since


class TestCallView(PeopleOnlyMixin, TemplateView):
    """Make a call, and see its steps light up."""

    template_name = "calls/test_call.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        trial = trial_since(self.person, since_of(self.request))
        return super().get_context_data(trial=trial, since=f"{trial.since.timestamp():.3f}", **kwargs)


class TestCallStepsView(TestCallView):
    """The steps alone; nothing is sent while they are as before."""

    template_name = "calls/test_call_steps.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        context = self.get_context_data(**kwargs)
        if context["trial"].seen == request.GET.get("seen"):
            answer = HttpResponse(status=204)
        else:
            answer = self.render_to_response(context)
        # Reloaded, the page goes on watching from when it was opened.
        return replace_url(answer, f"{reverse('calls:test_call')}?since={context['since']}")


def since_of(request: HttpRequest) -> datetime.datetime:
    """When the page was opened: as its address says, but not in the future and not long ago; else now."""
    now = timezone.now()
    try:
        since = datetime.datetime.fromtimestamp(float(request.GET.get("since", "")), datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return since if now - 2 * WATCHED_FOR < since <= now else now
