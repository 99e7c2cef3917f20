"""How fast a number's contacts are found in the phone index. Runs inside the portal's Django, on its database."""

import statistics
import time

from integrations.contacts import contacts_with
from integrations.models import ContactNumber, PipedriveAccount

NUMBERS = 1_000
ROUNDS = 5


def median_lookup() -> float:
    """The median time of a lookup by E.164, in microseconds, over numbers from all over the index; of several rounds
    the fastest, since whatever else the machine does only makes them slower.
    """
    account = PipedriveAccount.objects.get()
    numbers = list(ContactNumber.objects.order_by("pk").values_list("e164", flat=True))
    chosen = numbers[:: max(1, len(numbers) // NUMBERS)][:NUMBERS]
    rounds = [statistics.median(_seconds(account, number) for number in chosen) for _round in range(ROUNDS)]
    return 1e6 * min(rounds)


def _seconds(account: PipedriveAccount, number: str) -> float:
    began = time.perf_counter()
    contacts_with(account, number)
    return time.perf_counter() - began
