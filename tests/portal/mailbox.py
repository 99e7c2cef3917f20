"""The folder into which the portal's mails are written."""

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path

from tests.sandbox.running_sandbox import wait_until

LINK = re.compile(r"https?://\S+")


class Mailbox:
    """All mails that the portal has sent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails to an address, in the order of sending."""
        mails = [mail for path in sorted(self.folder.glob("*.log")) for mail in _mails_in(path)]
        return [mail for mail in mails if mail["To"] == address]

    def wait_for(self, address: str, part_of_link: str) -> str:
        """Return the latest link of this kind that was mailed to an address."""
        links: list[str] = []

        def has_come() -> bool:
            texts = [text_of(mail) for mail in self.to(address)]
            links[:] = [link for text in texts for link in LINK.findall(text) if part_of_link in link]
            return bool(links)

        wait_until(has_come)
        return links[-1]


def text_of(mail: EmailMessage) -> str:
    """What a mail says to who reads no HTML."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _mails_in(path: Path) -> list[EmailMessage]:
    """Django's file backend writes a line of hyphens after each mail."""
    texts = re.split(r"^-{70,}$", path.read_text(), flags=re.MULTILINE)
    parsed = [email.message_from_string(text.strip(), policy=email.policy.default) for text in texts if text.strip()]
    return [mail for mail in parsed if isinstance(mail, EmailMessage)]
