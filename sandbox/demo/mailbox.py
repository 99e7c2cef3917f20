"""The folder in which the portal's mails arrive."""

import email
import email.policy
import re
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

CONFIRMATION = re.compile(r"https?://\S+/accounts/confirm-email/\S+")


@dataclass
class Mailbox:
    """The mails that came since the demonstration began; older ones belong to another database, perhaps."""

    folder: Path
    # Some file systems keep whole seconds only.
    since: float = field(default_factory=lambda: time.time() - 2)

    def confirmation_link(self, address: str) -> str | None:
        """The link of the newest mail that asks this address for confirmation."""
        for mail in self._newest_first():
            body = mail.get_body(("plain",))
            link = CONFIRMATION.search(body.get_content()) if body else None
            if link and mail["To"] == address:
                return link.group()
        return None

    def _newest_first(self) -> list[EmailMessage]:
        files = [file for file in self.folder.iterdir() if file.stat().st_mtime >= self.since]
        files.sort(key=lambda file: file.stat().st_mtime, reverse=True)
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
