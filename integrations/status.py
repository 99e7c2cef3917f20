"""The checklist of the Integrations page: every link's state as it is now, and the one next step."""

import datetime
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.licenses import end_of, valid_licenses
from accounts.models import License, User
from accounts.readable import day_words
from integrations.chain import Chain, chain_of
from integrations.contact_status import contacts_link
from integrations.links import Action, Link
from integrations.models import PipedriveAccount
from integrations.mustalinja_status import calls_heard, link_to_mustalinja
from integrations.pipedrive_status import link_to_pipedrive
from integrations.rechecking import check_soon
from integrations.signals import checklist_asked

ADMINS_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """Whether a person's licence is in force, and until when."""

    active: bool
    until: datetime.date | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Overview:
    """All that the Integrations page says.

    Attributes:
        admins: emails of those who can do what the reader cannot; named only where there is such a thing.
        account: whose tokens the calls cost.
        is_being_checked: a link is checked anew in these seconds.
    """

    company: str | None
    subscription: Subscription
    links: list[Link]
    admins: list[str]
    account: PipedriveAccount | None
    is_being_checked: bool

    @property
    def done(self) -> int:
        """How many of the links are in order."""
        return sum(link.state == "ok" for link in self.links)

    @property
    def is_up_to_reader(self) -> bool:
        """Whether the reader is just at it, so that something will change soon."""
        return self.next_step is not None and (bool(self.next_step.actions) or self.next_step.progress is not None)

    @property
    def seen(self) -> str:
        """The same as long as the page says the same."""
        said = repr((self.company, self.subscription, self.links, self.admins, self.is_being_checked))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def next_step(self) -> Link | None:
        """The first thing that this person can do or has to wait for; None when everything works."""
        unfinished = [link for link in self.links if link.state != "ok"]
        return next((link for link in unfinished if link.actions), next(iter(unfinished), None))


def overview_of(user: User) -> Overview:
    """Every link of a person; what was last checked more than five minutes ago is checked again by the queue."""
    chain = chain_of(user)
    is_being_checked = check_soon(chain)
    subscription = subscription_of(chain.user)
    links = [*_links(chain, subscription), *_links_of_other_apps(chain)]
    return Overview(
        company=chain.user.company.name if chain.user.company else None,
        subscription=subscription,
        links=links,
        admins=_admins_of(user) if any(link.is_for_admin for link in links) else [],
        account=chain.account,
        is_being_checked=is_being_checked,
    )


def subscription_of(user: User) -> Subscription:
    if user.company is not None and user.company.is_suspended:
        sentence = _("Your company's subscription is suspended. Contact SaaShop's support.")
        return Subscription(active=False, until=None, sentence=sentence)
    if licenses := valid_licenses(user=user):
        until = end_of(licenses)
        sentence = _("Active until %(day)s.") % {"day": day_words(until)} if until else _("Active for the time being.")
        return Subscription(active=True, until=until, sentence=sentence)
    return Subscription(active=False, until=None, sentence=_("Not active."))


def _links(chain: Chain, subscription: Subscription) -> Iterator[Link]:
    yield _license(chain.user, subscription)
    yield _confirmed_email(chain)
    yield link_to_pipedrive(chain)
    yield contacts_link(chain.account)
    yield link_to_mustalinja(chain)
    yield calls_heard(chain)


def _links_of_other_apps(chain: Chain) -> Iterator[Link]:
    for _receiver, links in checklist_asked.send(sender=Overview, chain=chain):
        yield from cast("list[Link]", links)


def _admins_of(user: User) -> list[str]:
    """To whom the reader may turn."""
    admins = User.objects.colleagues_of(user).filter(is_company_admin=True, is_active=True)
    return list(admins.order_by("pk").values_list("email", flat=True)[:ADMINS_NAMED])


def _license(user: User, subscription: Subscription) -> Link:
    title = _("License")
    enter = Action(label=_("Enter a license code"), url=reverse("accounts:license"))
    if subscription.active:
        return Link(key="license", title=title, state="ok", sentence=subscription.sentence)
    if user.company is not None and user.company.is_suspended:
        return Link(key="license", title=title, state="waiting", sentence=subscription.sentence)
    if states := {license_.state for license_ in License.objects.filter(holder=user)}:
        return Link(key="license", title=title, state="broken", sentence=_out_of_force(states), actions=[enter])
    sentence = _("You have no license yet. Enter the code you got from your company or SaaShop.")
    return Link(key="license", title=title, state="todo", sentence=sentence, actions=[enter])


def _out_of_force(states: set[License.State]) -> str:
    """Why none of somebody's licences is in force: by the one that could be again."""
    if License.State.SUSPENDED in states:
        return _("Your license is suspended. Your calls are kept; ask SaaShop's support what to do.")
    if License.State.ENDED not in states:
        return _("Your license was revoked. Your calls are kept and will be logged once you enter a new code.")
    return _("Your license has ended. Your calls are kept and will be logged once you enter a new code.")


def _confirmed_email(chain: Chain) -> Link:
    title = _("Email address")
    said = {"email": chain.user.email}
    if chain.is_email_confirmed:
        sentence = _("You have confirmed %(email)s.") % said
        return Link(key="email", title=title, state="ok", sentence=sentence)
    confirm = Action(label=_("Confirm the address"), url=reverse("account_email"))
    sentence = _("%(email)s is not confirmed yet. Open the link in the mail, or have it sent again.") % said
    return Link(key="email", title=title, state="todo", sentence=sentence, actions=[confirm])
