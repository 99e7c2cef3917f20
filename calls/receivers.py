"""What calls do when something happens to people, their connections, or the persons in Pipedrive."""

from typing import Any

from django.db.models.signals import post_migrate, post_save
from django.dispatch import receiver

from accounts.models import CodeMail, Company, Invitation, User
from accounts.signals import alias_added, codes_to_mail, invitation_made, invitation_taken, license_redeemed
from calls.apps import CallsConfig
from calls.models import NewPerson, NumberChoice, Turn
from calls.onboarding import links_from_calls
from calls.planner import look_at_the_tables
from calls.queue import (
    learn_numbers_soon,
    mail_codes_soon,
    mail_invitation_soon,
    resume_soon,
    tell_of_taken_invitation,
)
from calls.resume import connection_is_gone, contacts_are_known, contacts_have_changed
from calls.schedules import set_up_schedules
from integrations.backfills import Backfill
from integrations.chain import Chain
from integrations.links import Link
from integrations.missing_calls import ask_for_calls_now
from integrations.models import PipedriveAccount
from integrations.signals import (
    checklist_asked,
    contacts_erased,
    contacts_known,
    mustalinja_linked,
    numbers_changed,
    person_merged,
    pipedrive_connected,
    pipedrive_disconnected,
)


@receiver([license_redeemed, pipedrive_connected])
def let_waiting_calls_go_on(user: User, **_kwargs: Any) -> None:
    resume_soon(user.company_id)


@receiver(pipedrive_disconnected)
def let_waiting_calls_say_so(user: User, company: Company, **_kwargs: Any) -> None:
    connection_is_gone(user, company)


@receiver(alias_added)
def let_calls_of_the_alias_go_on(company: Company, **_kwargs: Any) -> None:
    resume_soon(company.pk)


@receiver(invitation_made)
def mail_the_invitation(invitation: Invitation, **_kwargs: Any) -> None:
    mail_invitation_soon(invitation.pk)


@receiver(codes_to_mail)
def mail_the_codes(mail: CodeMail, **_kwargs: Any) -> None:
    mail_codes_soon(mail.pk)


@receiver(invitation_taken)
def tell_who_invited(invitation: Invitation, user: User, **_kwargs: Any) -> None:
    if invitation.invited_by_id is not None:
        tell_of_taken_invitation(invited=invitation.email, joined_id=user.pk, invited_by_id=invitation.invited_by_id)


@receiver(numbers_changed)
def let_calls_with_numbers_go_on(account: PipedriveAccount, numbers: list[str], **_kwargs: Any) -> None:
    contacts_have_changed(account.company_id, numbers)


@receiver(contacts_known)
def let_calls_of_unread_persons_go_on(account: PipedriveAccount, **_kwargs: Any) -> None:
    contacts_are_known(account.company_id)


@receiver(person_merged)
def keep_decisions_for_the_survivor(
    account: PipedriveAccount, person_id: int, merged_into: int, **_kwargs: Any
) -> None:
    for model in (NumberChoice, NewPerson):
        model._default_manager.filter(account=account, person_id=person_id).update(person_id=merged_into)


@receiver(contacts_erased)
def forget_what_was_decided_for_contacts(account: PipedriveAccount, **_kwargs: Any) -> None:
    NumberChoice.objects.filter(account=account).delete()
    NewPerson.objects.filter(account=account).delete()


@receiver(checklist_asked)
def add_to_the_checklist(chain: Chain, **_kwargs: Any) -> list[Link]:
    return links_from_calls(chain)


@receiver(mustalinja_linked)
def fetch_missing_calls(company: Company, **_kwargs: Any) -> None:
    """New credentials may be the end of a time without calls; the first ones show whether there is a list of calls."""
    ask_for_calls_now(company.mustalinja, Backfill.Cause.LINKED)


@receiver(mustalinja_linked)
def learn_own_numbers(company: Company, **_kwargs: Any) -> None:
    learn_numbers_soon(company.pk)


@receiver(post_save, sender=Company)
def give_turns(instance: Company, *, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    if created and not raw:
        Turn.objects.create(company=instance)


@receiver(post_migrate)
def keep_schedules_in_place(sender: Any, **_kwargs: Any) -> None:
    if isinstance(sender, CallsConfig):
        set_up_schedules()


@receiver(post_migrate)
def plan_with_what_is_there(sender: Any, using: str, plan: Any = (), **_kwargs: Any) -> None:
    if isinstance(sender, CallsConfig) and plan:
        look_at_the_tables(using=using)
