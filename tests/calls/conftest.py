"""Calls of Bo's."""

from typing import Any

import pytest

from calls.models import Call
from integrations.models import MustalinjaAccount
from tests.calls.events import deliver, ended_call
from tests.calls.steps import Place


@pytest.fixture
def place(mustalinja: MustalinjaAccount) -> Place:
    """Delivers a call of Bo's and gives its row."""

    def place_call(**changes: Any) -> Call:
        answer = deliver(mustalinja, ended_call(**changes))
        return Call.objects.get(reference=answer.json()["id"])

    return place_call
