"""The list of numbers that a company does not log."""

import re

from django.utils.translation import gettext as _

from calls.rules import PREFIX_MARK
from integrations.phone_numbers import read_dialled


def clean_blocked_number(typed: str) -> str:
    """An exact number in E.164, a short one as it is, or the beginning of numbers with `*` behind it (`+358600*`). Like
    a call's number, a beginning without `+` that does not begin with 0 is international.

    Raises:
        ValueError: it is neither; the message is for the reader.
    """
    typed = typed.strip()
    if typed.endswith(PREFIX_MARK):
        digits = re.sub(r"[\s().-]", "", typed.removesuffix(PREFIX_MARK))
        if digits.startswith("00"):
            digits = "+" + digits[2:]
        elif digits.startswith("0"):
            digits = "+358" + digits[1:]
        beginning = re.fullmatch(r"\+?([1-9][0-9]{0,13})", digits)
        if beginning is not None:
            return f"+{beginning[1]}{PREFIX_MARK}"
    elif (number := read_dialled(typed)) is not None:
        return number.e164 or number.typed
    raise ValueError(
        _("%(number)s is not a telephone number. Write for example 040 012 4387 or +358600*.") % {"number": typed[:40]}
    )
