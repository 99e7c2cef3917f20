"""What the queue runs for the outside world. Every task may run twice or not at all: the rows decide."""

from integrations.contact_upkeep import keep_index
from integrations.contacts import erase_abandoned
from integrations.missing_calls import forget_old_backfills
from integrations.missing_calls import keep_calls_complete as keep_complete
from integrations.pipedrive_events import carry_out_events as carry_out
from integrations.pipedrive_events import forget_old_events
from integrations.reauthorize_mails import mail_all_untold
from integrations.reauthorize_mails import mail_reauthorize as mail_of
from integrations.rechecking import check_links_of
from integrations.token_budget import forget_old_spending


def keep_contacts(account_id: int) -> None:
    """Work on a Pipedrive account's phone index."""
    keep_index(account_id)


def carry_out_events(account_id: int) -> None:
    """Carry out what Pipedrive's webhooks have told of an account."""
    carry_out(account_id)


def check_links(user_id: int) -> None:
    """Somebody looks at links that were checked some time ago."""
    check_links_of(user_id)


def mail_reauthorize(connection_id: int) -> None:
    """A person has to authorize again: tell them and the company's admins."""
    mail_of(connection_id)


def keep_calls_complete() -> None:
    """Every minute: calls that may be missing, and pulls from Mustalinja whose time has come."""
    keep_complete()


def mail_reauthorize_again() -> None:
    """Every minute: mails of dead grants that were not sent."""
    mail_all_untold()


def forget() -> None:
    """Every day: what nobody needs any more."""
    erase_abandoned()
    forget_old_events()
    forget_old_spending()
    forget_old_backfills()
