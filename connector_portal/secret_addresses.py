"""What must not stand in a log."""

import logging
import re

_WEBHOOK_KEY = re.compile(r"(/webhooks/\w+/)[^/\s]+")


class SecretAddressFilter(logging.Filter):
    """Takes the unguessable part out of webhook addresses: Django logs the path of every request it refuses."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "/webhooks/" in message:
            record.msg, record.args = _WEBHOOK_KEY.sub(r"\1…", message), ()
        # Django hands the whole request over as well, whose text has the path in it.
        vars(record).pop("request", None)
        return True
