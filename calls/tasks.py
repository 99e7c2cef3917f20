"""What the queue runs. Every task may run twice or not at all: the call's row decides."""

from django.utils import timezone

from accounts.code_mails import send_codes, unsent_codes
from accounts.invitations import free_seats_of_old_invitations, mail_taken_invitation, unsent_invitations
from accounts.invitations import mail_invitation as send_invitation
from accounts.letters import forget_old_letters, send_all
from accounts.license_ends import license_end_drafts
from accounts.mails import mail_admins_of, send_each
from accounts.models import Company
from calls.books import CHECKED_DAYS, balance, days_up_to_today
from calls.digests import digest_drafts
from calls.drifting import count_unknown
from calls.follow_up_step import work_on_follow_ups
from calls.heartbeat import beat
from calls.models import Call
from calls.own_numbers import learn_from_mustalinja, learn_users_of
from calls.person_words import forget_names
from calls.planned_call_step import complete_what_was_planned
from calls.queue import call_up
from calls.resume import expire_overdue, give_missing_turns, nudge_due, resume_waiting
from calls.summaries import summary_drafts
from calls.turns import take_turn
from calls.worker.identity import worker_id
from integrations.connections import check_closed_accounts, keep_alive, retry_revocations
from integrations.models import PipedriveAccount
from integrations.mustalinja_link import register_missing_webhooks


def log_calls(company_id: int) -> None:
    """Log a company's due calls, if nobody else is at it."""
    take_turn(company_id, worker=worker_id())


def log_call(pk: int) -> None:
    """Log the calls of this one's company. Queued by versions that queued single calls, during a deployment."""
    for company_id in Call.objects.filter(pk=pk).values_list("company_id", flat=True):
        log_calls(company_id)


def resume_company(company_id: int) -> None:
    """Something changed in a company: let its waiting calls go on where the cause is gone."""
    resume_waiting(company_id=company_id)
    call_up(company_id)


def sweep() -> None:
    """Every minute: what fell through the queue, what may go on, what has waited too long."""
    beat()
    give_missing_turns()
    resume_waiting()
    nudge_due()
    expire_overdue()


def keep_follow_ups() -> None:
    """Every minute, and when a call was missed: the tasks to call back."""
    work_on_follow_ups()


def complete_planned_calls() -> None:
    """Every minute, and when a call was logged: the planned calls that have been made."""
    complete_what_was_planned()


def revoke_again() -> None:
    """Every ten minutes: tokens that Pipedrive could not be told to revoke."""
    retry_revocations()


def look_at_closed_accounts() -> None:
    """Every ten minutes: accounts that may be open again."""
    check_closed_accounts()


def register_webhooks() -> None:
    """Every ten minutes: webhooks that Mustalinja could not be told of."""
    register_missing_webhooks()


def learn_own_numbers_of(company_id: int) -> None:
    """A company has linked Mustalinja: its people's numbers are no customers'."""
    learn_users_of(Company.objects.get(pk=company_id))


def mail_missing_type(account_id: int) -> None:
    """The company's activity type is not active in Pipedrive: its admins can choose another."""
    account = PipedriveAccount.objects.filter(pk=account_id).select_related("company").first()
    if account is not None and account.missing_activity_type:
        context = {"missing": account.missing_activity_type, "account": account}
        mail_admins_of(account.company, "calls/email/missing_activity_type", context=context)


def mail_invitation(invitation_id: int) -> None:
    """Somebody was invited."""
    send_invitation(invitation_id)


def mail_codes(mail_id: int) -> None:
    """Licence codes are to be mailed."""
    send_codes(mail_id)


def mail_invitation_taken(invited: str, joined_id: int, invited_by_id: int) -> None:
    """Somebody joined by an invitation that was another's."""
    mail_taken_invitation(invited=invited, joined_id=joined_id, invited_by_id=invited_by_id)


def mail_invitations_again() -> None:
    """Every ten minutes: invitations and codes that were not mailed; seats of invitations whose time is over."""
    free_seats_of_old_invitations()
    send_each(send_invitation, unsent_invitations())
    send_each(send_codes, unsent_codes())


def mail_what_is_due() -> None:
    """Every ten minutes: ends of licences, the week's digests, summaries; each is sent once."""
    send_all(license_end_drafts(timezone.now()))
    send_all(digest_drafts(timezone.now()))
    send_all(summary_drafts(timezone.now()))


def forget_letters() -> None:
    """Every day: which mails were sent long ago."""
    forget_old_letters()


def learn_own_numbers() -> None:
    """Every day: the numbers of all companies' people."""
    learn_from_mustalinja()


def count_drift() -> None:
    """Every ten minutes: what Mustalinja sends and we do not know."""
    count_unknown()


def forget_erased_names() -> None:
    """Once a day: names that no call has any more are not kept for the search either."""
    forget_names(Call.objects.exclude(person_name=""))


def balance_lately() -> None:
    """Every hour: whether today's and yesterday's calls are all accounted for."""
    balance(days_up_to_today(2))


def balance_all() -> None:
    """Every day: the same of every day that is still checked."""
    balance(days_up_to_today(CHECKED_DAYS))


def keep_tokens_alive() -> None:
    """Every day: refresh what nobody has used for a week."""
    keep_alive()
