"""What the queue runs. Every task may run twice or not at all: the call's row decides."""

from calls.crm_sync import log_to_crm
from calls.heartbeat import beat
from calls.resume import expire_overdue, nudge_due, resume_waiting
from integrations.connections import check_closed_accounts, keep_alive, retry_revocations
from integrations.mustalinja_link import register_missing_webhooks


def log_call(pk: int) -> None:
    """Log one call, if it is due and nobody else is at it."""
    log_to_crm(pk)


def resume_company(company_id: int) -> None:
    """Something changed in a company: let its waiting calls go on where the cause is gone."""
    resume_waiting(company_id=company_id)
    nudge_due()


def sweep() -> None:
    """Every minute: what fell through the queue, what may go on, what has waited too long."""
    beat()
    resume_waiting()
    nudge_due()
    expire_overdue()


def revoke_again() -> None:
    """Every ten minutes: tokens that Pipedrive could not be told to revoke."""
    retry_revocations()


def look_at_closed_accounts() -> None:
    """Every ten minutes: accounts that may be open again."""
    check_closed_accounts()


def register_webhooks() -> None:
    """Every ten minutes: webhooks that Mustalinja could not be told of."""
    register_missing_webhooks()


def keep_tokens_alive() -> None:
    """Every day: refresh what nobody has used for a week."""
    keep_alive()
