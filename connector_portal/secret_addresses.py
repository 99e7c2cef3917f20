"""What must not stand in a log."""

import logging
import re
from traceback import format_exception

_SECRET_PART = re.compile(r"(/webhooks/\w+/|/accounts/(?:join|unsubscribe)/)[^/\s]+")
_ROW = re.compile(r"DETAIL:.*?(?=\n\n|\n[A-Z]+:|\Z)", re.DOTALL)
"""What PostgreSQL adds to an error: the whole row that it refuses, or the values that are there already."""


class SecretAddressFilter(logging.Filter):
    """Takes the unguessable part out of webhooks' addresses and of mailed links: Django logs the path of every request
    that it refuses.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if _SECRET_PART.search(message):
            record.msg, record.args = _SECRET_PART.sub(r"\1…", message), ()
        # Django hands the whole request over as well, whose text has the path in it.
        vars(record).pop("request", None)
        return True


class RefusedRowFilter(logging.Filter):
    """Takes the row out of PostgreSQL's errors: a call's has the customer's number in it. What was refused, by which
    constraint and from where stays.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "DETAIL:" in message:
            record.msg, record.args = _ROW.sub("DETAIL: …", message), ()
        if record.exc_info:
            told = "".join(format_exception(*record.exc_info)).rstrip()
            if "DETAIL:" in told:
                record.exc_text, record.exc_info = _ROW.sub("DETAIL: …", told), None
        return True
