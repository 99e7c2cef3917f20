"""Inviting colleagues: a free seat is kept for them, and its code mailed."""

from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.letters import is_enough_for_today, one_letter
from accounts.licenses import has_valid_license
from accounts.mails import mail_address, mail_person
from accounts.models import Company, Invitation, Letter, User, end_of_new_invitation
from accounts.seats import NO_FREE_SEAT, changing_team_of, end_old_invitations, free_seat
from accounts.signals import invitation_made


class InvitationRefusedError(Exception):
    """Somebody cannot be invited; the message says what to do, in the reader's language."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def invite(company: Company, *, email: str, by: User) -> Invitation:
    """Keep a free seat for an address for 14 days and have its code mailed. Invited again, the same seat is kept for
    another 14 days and its code mailed once more.

    Raises:
        InvitationRefusedError: there is no free seat, the person has one or is deactivated, or the address has had
            enough mails today.
    """
    email = email.lower()
    _check_may_be_invited(company, email)
    with changing_team_of(company.pk):
        end_old_invitations(company_id=company.pk)
        invitation = _kept_on(company, email) or _new(company, email, by=by)
    invitation_made.send(sender=Invitation, invitation=invitation)
    return invitation


def _check_may_be_invited(company: Company, email: str) -> None:
    if is_enough_for_today(email):
        text = _("%(email)s has been sent enough emails for today. Try again tomorrow.")
        raise InvitationRefusedError(text % {"email": email})
    colleague = User.objects.filter(company=company, email=email).first()
    if colleague is not None and not colleague.is_active:
        text = _("The account of %(email)s is deactivated. Ask SaaShop's support to open it again.")
        raise InvitationRefusedError(text % {"email": email})
    if colleague is not None and has_valid_license(user=colleague):
        text = _("%(email)s has an account and a license already.")
        raise InvitationRefusedError(text % {"email": email})


def _kept_on(company: Company, email: str) -> Invitation | None:
    invitation: Invitation | None = Invitation.objects.filter(company=company, email=email).first()
    if invitation is not None:
        invitation.ends_at, invitation.mailed_at = end_of_new_invitation(), None
        invitation.save(update_fields=["ends_at", "mailed_at"])
    return invitation


def _new(company: Company, email: str, *, by: User) -> Invitation:
    seat = free_seat(company.pk)
    if seat is None:
        raise InvitationRefusedError(str(NO_FREE_SEAT))
    return Invitation.objects.create(company=company, email=email, license=seat, invited_by=by)


def join_url(invitation: Invitation) -> str:
    """The address in the mail, which leads to signing up with the code filled in."""
    path = reverse("accounts:join", args=[invitation.license.code])
    return f"{settings.SITE_URL}{path}"


def way_in(code: str) -> str:
    """Where somebody with an invitation's code goes on: to signing up, or to the licence page of their account."""
    invitation = Invitation.objects.in_force().filter(license__code=code).first()
    if invitation is not None and User.objects.filter(email=invitation.email).exists():
        return f"{reverse('accounts:license')}?{urlencode({'license_code': code})}"
    known = {"email": invitation.email} if invitation is not None else {}
    return f"{reverse('account_signup')}?{urlencode({'license_code': code, **known})}"


def mail_invitation(pk: int) -> None:
    """Send the mail of an invitation that has not been sent, once.

    Raises:
        OSError: the mail server does not take it; it is tried again.
    """
    unsent = Invitation.objects.in_force().filter(pk=pk, mailed_at=None)
    invitation = unsent.select_related("company", "license", "invited_by").first()
    if invitation is None:
        return
    occasion = f"{invitation.pk} {invitation.ends_at.isoformat()}"
    with one_letter(email=invitation.email, kind=Letter.Kind.INVITATION, occasion=occasion) as is_mine:
        if is_mine:
            context = {"invitation": invitation, "join_url": join_url(invitation)}
            account = User.objects.filter(email=invitation.email).first()
            language = (account.language if account else "") or invitation.company.language
            mail_address(invitation.email, "accounts/email/invitation", language=language, context=context)
    unsent.filter(ends_at=invitation.ends_at).update(mailed_at=timezone.now())


def mail_taken_invitation(*, invited: str, joined_id: int, invited_by_id: int) -> None:
    """Tell who invited an address that another person joined by its code: the one invited cannot any more.

    Raises:
        OSError: the mail server does not take it.
    """
    joined = User.objects.select_related("company").filter(pk=joined_id).first()
    inviter = User.objects.filter(pk=invited_by_id, is_active=True).first()
    if joined is None or inviter is None or joined.company is None or joined.company != inviter.company:
        return
    context = {"invited": invited, "joined": joined.email}
    mail_person(inviter, joined.company, "accounts/email/invitation_taken", context=context)


def unsent_invitations() -> list[int]:
    """Invitations whose mail was lost with a task, or that the mail server did not take."""
    return list(Invitation.objects.in_force().filter(mailed_at=None).values_list("pk", flat=True))


def free_seats_of_old_invitations() -> None:
    """Every company's invitations whose time is over."""
    companies = Invitation.objects.over().order_by().values_list("company", flat=True).distinct()
    for company_id in list(companies):
        with changing_team_of(company_id):
            end_old_invitations(company_id=company_id)
