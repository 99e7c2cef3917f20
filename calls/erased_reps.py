"""Calls of a rep who has been erased: known again by a digest, so that an event sent again makes no second call."""

from collections.abc import Iterable

from django.utils.crypto import salted_hmac

from calls.models import Call

ERASED = "erased:"


def erased_key(rep_key: str) -> str:
    """What stands in place of whose leg it was: keyed, since an email may be guessed."""
    return rep_key if rep_key.startswith(ERASED) else ERASED + salted_hmac("calls.erased_reps", rep_key).hexdigest()


def is_erased(call: Call) -> bool:
    return call.rep_key.startswith(ERASED)


def forget_again(calls: Iterable[Call | None]) -> None:
    """Take the rep out of calls that have just come, where theirs are here already without the rep. The database is
    asked only where somebody is not registered.
    """
    unknown = [call for call in calls if call is not None and call.rep_id is None]
    if not unknown:
        return
    keys = [erased_key(call.rep_key) for call in unknown]
    here = Call.objects.filter(company__in={call.company_id for call in unknown}, rep_key__in=keys)
    here = here.filter(external_id__in=[call.external_id for call in unknown])
    known = set(here.values_list("company_id", "external_id", "rep_key"))
    for call, key in zip(unknown, keys, strict=True):
        if (call.company_id, call.external_id, key) in known:
            call.rep_key, call.rep_email, call.rep_number = key, "", ""
