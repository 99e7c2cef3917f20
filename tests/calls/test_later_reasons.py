"""A newer version, deployed at this moment, gives reasons that this one has no words for."""

import pytest
from django.utils import translation

from calls.api import CallSerializer
from calls.models import Call
from calls.reasons import Status


@pytest.mark.parametrize("language", ["en", "fi"])
def test_a_reason_of_a_later_version_is_shown_and_does_not_break_the_history(language: str) -> None:
    call = Call(status=Status.WAITING, reason="of_a_later_version")
    with translation.override(language):
        shown = CallSerializer(call).data
        assert (shown["status"], shown["reason"]) == ("waiting", "of_a_later_version")
        assert shown["explanation"]
        assert call.get_reason_display() == "of_a_later_version"
