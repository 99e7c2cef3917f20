"""When Pipedrive does not answer at all, and when the fault is our own."""

import pytest

from accounts.models import User
from calls.models import Call
from integrations.models import MustalinjaAccount, PipedriveAccount
from integrations.mustalinja.signature import new_secret
from tests.calls.events import deliver, ended_call
from tests.calls.steps import Connect, Place, due_now, fault, log, outcome, seconds_until_next
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox


@pytest.fixture(autouse=True)
def _bo_is_connected(just_connected: Connect, bo: User) -> None:
    """The persons are not read yet, so each call asks Pipedrive who has the number."""
    just_connected(bo)


class TestOutage:
    def test_an_account_that_does_not_answer_is_left_alone_and_others_go_on(
        self, outside: Sandbox, place: Place, cecilia: User, connected: Connect
    ) -> None:
        connected(cecilia)
        fault(outside, path="persons/search", status=503, times=4, company_id=7001)
        for _call in range(4):
            assert outcome(log(place())) == ("pending", "retrying")
        before = len(outside.state("requests")["requests"])
        parked = log(place())
        assert (outcome(parked), parked.attempts) == (("pending", "retrying"), 0)
        assert 3 < seconds_until_next(parked) <= 6
        assert len(outside.state("requests")["requests"]) == before
        account = MustalinjaAccount.objects.create(
            company=company_of(cecilia), api_key="k", api_secret="s", secret=new_secret()
        )
        deliver(account, ended_call(user={"email": cecilia.email}))
        assert outcome(log(Call.objects.get(company=company_of(cecilia)))) == ("logged", "logged")

    def test_an_answer_ends_it(self, outside: Sandbox, place: Place) -> None:
        fault(outside, path="persons/search", status=503, times=4)
        for _call in range(4):
            log(place())
        PipedriveAccount.objects.update(paused_until=None)
        assert outcome(log(place())) == ("logged", "logged")
        assert PipedriveAccount.objects.get().failures_in_a_row == 0


class TestOwnFault:
    def test_it_is_tried_a_few_times_and_then_for_support_to_see(self, outside: Sandbox, place: Place) -> None:
        call = place()
        Call.objects.update(
            customer_number="nonsense", customer_number_typed="nonsense", reason="retrying", attempts=50
        )
        for _crash in range(7):
            assert outcome(log(due_now(call))) == ("pending", "retrying")
        assert outcome(log(due_now(call))) == ("failed", "error")

    def test_success_in_between_forgets_it(self, outside: Sandbox, place: Place) -> None:
        call = place()
        Call.objects.update(crashes=7)
        fault(outside, path="persons/search", status=500)
        assert log(call).crashes == 0
