"""The tiny language of a company's own texts: words in braces stand for something of the call, all else stays as it is.

There is nothing to evaluate: a word is either known or an error when the text is saved, and what it stands for is put
in once and never read again.
"""

import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")

PLACEHOLDERS: dict[str, Promise] = {
    "name": gettext_lazy("the customer's name in Pipedrive"),
    "organization": gettext_lazy("the customer's organization, if there is one"),
    "number": gettext_lazy("the customer's number"),
    "own_number": gettext_lazy("the number on your side"),
    "rep": gettext_lazy("the rep's name in Pipedrive"),
    "direction": gettext_lazy("incoming or outgoing"),
    "result": gettext_lazy("answered, missed, busy and so on"),
    "duration": gettext_lazy("the talk time, for example 2 min 52 s"),
    "ring_time": gettext_lazy("how long it rang"),
    "date": gettext_lazy("the day of the call"),
    "time": gettext_lazy("the time at which the call began"),
}
"""The words that may stand in braces, and what they stand for."""


def check_placeholders(text: str) -> None:
    """A field's validator.

    Raises:
        ValidationError: with a message that names what is wrong, for each word that is not known and for stray braces.
    """
    unknown = [word for word in PLACEHOLDER.findall(text) if word not in PLACEHOLDERS]
    known = ", ".join(f"{{{word}}}" for word in PLACEHOLDERS)
    problems = [
        _("{%(word)s} is not known. You can use %(known)s.") % {"word": word[:40], "known": known}
        for word in dict.fromkeys(unknown)
    ]
    rest = PLACEHOLDER.sub("", text)
    problems += [_("A brace stands alone: %(brace)s") % {"brace": brace} for brace in "{}" if brace in rest]
    if problems:
        raise ValidationError(problems)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with everything put in. A word that is not among `values` stays as it is written."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
