"""The invented calls are as they are said to be, and none has a reason to go on."""

import pytest

from bench.fill import COMPANIES, email_of, fill, reference_of
from calls.models import Call
from calls.reasons import Status
from calls.resume import expire_overdue, resume_waiting


@pytest.mark.django_db
def test_calls_lie_as_they_are_said_to_and_stay_as_they_are() -> None:
    assert fill(calls=4_000) == 4_000
    of_status = {status: Call.objects.filter(status=status).count() for status in Status}
    assert of_status[Status.LOGGED] == pytest.approx(3_800, rel=0.02)
    assert of_status[Status.WAITING] == pytest.approx(120, rel=0.3)
    assert Call.objects.filter(company__people__email=email_of(0, 0)).count() == pytest.approx(400, rel=0.15)
    assert Call.objects.values("company").distinct().order_by().count() > COMPANIES * 0.9
    resume_waiting()
    expire_overdue()
    assert {status: Call.objects.filter(status=status).count() for status in Status} == of_status


def test_references_are_not_given_twice() -> None:
    assert len({reference_of(place) for place in range(50_000)}) == 50_000
