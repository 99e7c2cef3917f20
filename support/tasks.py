"""What the queue runs for support."""

from accounts.encryption import decrypt
from accounts.models import User
from integrations.queue import wake
from support import company_erasure
from support.company_erasure_views import ERASE_COMPANY
from support.erasure import erase_person
from support.exporting import MAKE_EXPORT, make_export, unfinished
from support.number_erasure import erase_number
from support.retention import SECONDS, end_what_is_over

END_WHAT_IS_OVER = "support.tasks.end_what_is_kept"


def end_what_is_kept(seconds: float = SECONDS) -> None:
    """Every day: remove what has been kept long enough; what is left after a minute is removed by the next run."""
    if not end_what_is_over(seconds=seconds).is_finished:
        wake(END_WHAT_IS_OVER)


def erase_this_person(user_id: int, by_id: int, reason: str) -> None:
    """Staff want a person erased; who has gone meanwhile is gone."""
    user = User.objects.select_related("company").filter(pk=user_id).first()
    if user is not None:
        erase_person(user, by=User.objects.filter(pk=by_id).first(), reason=reason)


def erase_this_number(encrypted: str, by_id: int, reason: str) -> None:
    """Staff want a number erased. On its way through the queue it is encrypted."""
    erase_number(decrypt(encrypted), by=User.objects.filter(pk=by_id).first(), reason=reason)


def make_this_export(pk: int) -> None:
    """Somebody waits for a file with all data."""
    make_export(pk)


def finish_exports() -> None:
    """Every ten minutes: those that a worker has left, or whose mail could not be sent."""
    for pk in unfinished():
        wake(MAKE_EXPORT, pk)


def erase_this_company(pk: int) -> None:
    """Staff want a whole company erased; what is left after a minute is erased by the next run."""
    if not company_erasure.go_on_with(pk):
        wake(ERASE_COMPANY, pk)


def finish_erasures() -> None:
    """Every ten minutes: the companies that a worker has left half erased."""
    for pk in company_erasure.unfinished():
        wake(ERASE_COMPANY, pk)
