"""A call's page."""

import datetime
import re
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import DetailView

from accounts.access import PeopleOnlyMixin
from accounts.audit import record
from accounts.audit_entry import Action
from calls.choosing import NotACandidateError, choose, contact_choice
from calls.models import Call, CallQuerySet
from calls.reasons import Reason
from calls.remedies import remedy_of
from calls.story_lines import story_of

SOON = datetime.timedelta(seconds=30)
LOOKS_SOON, LOOKS_LATER = 2, 15
"""Seconds after which the page of a call on its way looks whether anything is new."""
PERSON_ID = re.compile(r"[0-9]{1,18}")


class CallDetailView(PeopleOnlyMixin, DetailView[Call]):
    """One call: what was heard of it and what became of it."""

    template_name = "calls/detail.html"
    slug_field = slug_url_kwarg = "reference"

    def get_queryset(self) -> CallQuerySet:
        calls: CallQuerySet = Call.objects.visible_to(self.person).select_related("rep", "company")
        return calls

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page; no content for the page itself when it asks whether anything is new and nothing is."""
        self.object = self.get_object()
        if request.GET.get("seen") == _state_of(self.object):
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return self.render_to_response(self.get_context_data())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        must_choose = self.object.reason == Reason.SEVERAL_CONTACTS
        may_choose = must_choose or self.object.reason == Reason.LOGGED
        return super().get_context_data(
            must_choose=must_choose,
            choice=contact_choice(self.object) if may_choose else None,
            is_own_call=self.object.rep_id == self.person.pk,
            story=story_of(self.object),
            remedy=remedy_of(self.object, self.person),
            state=_state_of(self.object),
            looks_every=LOOKS_SOON if _is_soon(self.object) else LOOKS_LATER,
            **kwargs,
        )


def _state_of(call: Call) -> str:
    """What changes whenever something becomes of a call."""
    at = call.next_attempt_at.timestamp() if call.next_attempt_at else ""
    return f"{call.reason}-{at}"


def _is_soon(call: Call) -> bool:
    """Whether something will become of a call within seconds."""
    return call.next_attempt_at is not None and call.next_attempt_at < timezone.now() + SOON


class ContactChoiceView(PeopleOnlyMixin, View):
    """Somebody says which of several persons a call's number means; whoever sees the call may."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, reference: str) -> HttpResponse:
        call = get_object_or_404(Call.objects.visible_to(self.person), reference=reference)
        answer = request.POST.get("person_id", "")
        try:
            chosen = choose(call, person_id=int(answer) if PERSON_ID.fullmatch(answer) else 0, by=self.person)
        except NotACandidateError:
            messages.error(
                request, _("Nothing was saved: that person does not have this number any more. Choose another one.")
            )
        else:
            record(action=Action.CONTACT_CHOSEN, request=request, subject=call)
            text = _("Calls with this number are logged to %(name)s from now on, and so are those that waited for it.")
            messages.success(request, text % {"name": chosen.name})
        return redirect(call)
