"""A whole telephone number that a person types into a form of ours, in any spelling."""

from django.utils.translation import gettext as _

from integrations.phone_numbers import read_dialled


def clean_number(typed: str) -> str:
    """The number in E.164.

    Raises:
        ValueError: it is none; the message is for the reader.
    """
    number = read_dialled(typed.strip())
    if number is None or number.is_short:
        text = _("%(number)s is not a telephone number. Write for example 040 012 4387.")
        raise ValueError(text % {"number": typed.strip()[:40]})
    return number.e164
