"""The state of a company's link to Mustalinja, in the reader's words."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.readable import day_words, moment_words, time_words
from integrations.chain import Chain
from integrations.links import Action, Link
from integrations.models import MustalinjaAccount


def link_to_mustalinja(chain: Chain) -> Link:
    """A company's credentials as they were when they were last checked."""
    user, account = chain.user, chain.mustalinja
    title = _("Mustalinja credentials")
    enter = Action(label=_("Enter Mustalinja credentials"), url=reverse("integrations:mustalinja"))
    if account is None:
        if user.manages_company:
            sentence = _("Enter the API credentials that Mustalinja gave your company.")
            return Link(key="mustalinja", title=title, state="todo", sentence=sentence, actions=[enter])
        sentence = _("Your company's admin has to enter the Mustalinja credentials.")
        return Link(key="mustalinja", title=title, state="waiting", sentence=sentence, is_for_admin=_has_company(user))
    if account.credentials_accepted is False:
        sentence = _("Mustalinja does not accept the credentials any more. The company's admin has to enter new ones.")
        return _for_admin(user, key="mustalinja", title=title, sentence=sentence, actions=[enter])
    sentence = (
        _("Mustalinja accepts your company's credentials.")
        if account.credentials_accepted
        else _("Your company's credentials are saved.")
    )
    actions = [_test_action(), _mustalinja_settings()] if user.manages_company else []
    details = _tested(account)
    return Link(key="mustalinja", title=title, state="ok", sentence=sentence, details=details, actions=actions)


def _tested(account: MustalinjaAccount) -> list[tuple[str, str]]:
    at = account.credentials_checked_at
    return [(_("Tested"), moment_words(at))] if at else []


def _test_action() -> Action:
    return Action(
        label=_("Test now"),
        url=reverse("integrations:mustalinja_test"),
        method="post",
        kind="secondary",
        about="Mustalinja",
    )


def _for_admin(user: User, *, key: str, title: str, sentence: str, actions: list[Action]) -> Link:
    """What is broken and only the company's admin can mend."""
    if user.manages_company:
        return Link(key=key, title=title, state="broken", sentence=sentence, actions=actions)
    return Link(key=key, title=title, state="broken", sentence=sentence, is_for_admin=_has_company(user))


def _has_company(user: User) -> bool:
    return user.company_id is not None


def _mustalinja_settings() -> Action:
    return Action(label=_("Mustalinja settings"), url=reverse("integrations:mustalinja"), kind="secondary")


def calls_heard(chain: Chain) -> Link:
    """Whether call events come, and when the latest did."""
    user, account = chain.user, chain.mustalinja
    title = _("Calls from Mustalinja")
    if account is None:
        sentence = _("Calls arrive once the Mustalinja credentials have been entered.")
        return Link(key="webhook", title=title, state="waiting", sentence=sentence)
    if account.last_refused_at and (account.last_heard_at is None or account.last_refused_at > account.last_heard_at):
        sentence = _(
            "The latest call event was refused, because Mustalinja did not prove itself as agreed. The company's admin"
            " has to check the authentication and the signing secret."
        )
        return _for_admin(user, key="webhook", title=title, sentence=sentence, actions=[_mustalinja_settings()])
    if account.last_heard_at is None:
        sentence = _("No call has arrived yet. Make a test call with your own phone.")
        return Link(key="webhook", title=title, state="waiting", sentence=sentence)
    sentence = _("The latest call event arrived on %(day)s at %(time)s.") % {
        "day": day_words(timezone.localtime(account.last_heard_at)),
        "time": time_words(account.last_heard_at),
    }
    return Link(key="webhook", title=title, state="ok", sentence=sentence)
