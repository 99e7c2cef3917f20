"""Why Pipedrive is left alone, in the reader's words and with the time."""

import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.readable import time_words
from integrations.models import PauseKind
from integrations.pauses import Pause
from integrations.token_budget import seconds_left_of_day


def pause_sentence(pause: Pause) -> str:
    """What is the matter, that no call is lost, and when it goes on."""
    again_at = time_words(pause.until)
    if pause.kind == PauseKind.DAY_SPENT:
        now = timezone.now()
        resets_at = now + datetime.timedelta(seconds=seconds_left_of_day(now))
        return _(
            "The Pipedrive tokens that your company has for a day are spent. Your calls are kept and are logged when"
            " there are new ones, probably at %(reset)s. We try again at %(time)s."
        ) % {"reset": time_words(resets_at), "time": again_at}
    if pause.kind == PauseKind.BLOCKED:
        return _(
            "Pipedrive's network has shut us out for a while. Your calls are kept and are logged afterwards. We try"
            " again at %(time)s."
        ) % {"time": again_at}
    if pause.kind == PauseKind.CLOSED:
        return _("Pipedrive says that your company's account is not open. Your calls are kept until it is again.")
    if pause.kind == PauseKind.RATE_LIMITED:
        return _("Pipedrive has asked us to slow down. Your calls are kept; logging goes on at %(time)s.") % {
            "time": again_at
        }
    return _("Pipedrive does not answer at the moment. Your calls are kept. We try again at %(time)s.") % {
        "time": again_at
    }
