"""The list of numbers that a company does not log."""

import re

from django.utils.translation import gettext as _

from calls.rules import PREFIX_MARK
from integrations.phone_numbers import read_dialled


def clean_blocked_number(typed: str) -> str:
    """An exact number in E.164, or the beginning of numbers with `*` behind it (`+358600*`).

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
        if re.fullmatch(r"\+[0-9]{1,14}", digits):
            return digits + PREFIX_MARK
    elif (number := read_dialled(typed)) is not None and not number.is_short:
        return number.e164
    raise ValueError(
        _("%(number)s is not a telephone number. Write for example 040 012 4387 or +358600*.") % {"number": typed[:40]}
    )
