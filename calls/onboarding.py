"""What calls add to the checklist of the Integrations page: whose calls are heard, and whether the first is logged."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import EmailAlias, User
from accounts.readable import day_words, time_words
from calls.models import Call, CallQuerySet
from calls.reasons import Status
from integrations.chain import Chain
from integrations.links import Action, Link
from integrations.mustalinja_users import emails_known


def links_from_calls(chain: Chain) -> list[Link]:
    """The last two links of the chain."""
    user = chain.user
    own = Call.objects.filter(company=user.company, rep=user) if user.company else Call.objects.none()
    latest = own.order_by("-started_at", "-id").first()
    return [
        _same_email(chain, latest=latest),
        _first_call(chain, own=own, latest=latest),
    ]


def _same_email(chain: Chain, *, latest: Call | None) -> Link:
    """Mustalinja's users are found by their email: the one of the account here, or the one in Pipedrive."""
    title = _("Your email in Mustalinja")
    if chain.mustalinja is None:
        sentence = _("Can be compared once the Mustalinja credentials have been entered.")
        return Link(key="same_email", title=title, state="waiting", sentence=sentence)
    if latest is not None:
        sentence = _("Mustalinja knows you: calls of yours have arrived.")
        return Link(key="same_email", title=title, state="ok", sentence=sentence)
    known = emails_known(chain.mustalinja)
    if known is None:
        sentence = _("Your first call will show whether Mustalinja knows you by the same email.")
        return Link(key="same_email", title=title, state="waiting", sentence=sentence)
    own = _emails_of(chain)
    if own & known:
        sentence = _("Mustalinja has a user with your email %(email)s.") % {"email": sorted(own & known)[0]}
        return Link(key="same_email", title=title, state="ok", sentence=sentence)
    return _unknown_email(chain.user, title=title)


def _emails_of(chain: Chain) -> set[str]:
    aliases = EmailAlias.objects.filter(person=chain.user).values_list("email", flat=True)
    in_pipedrive = [chain.connection.email.lower()] if chain.connection and chain.connection.email else []
    return {chain.user.email.lower(), *in_pipedrive, *aliases}


def _unknown_email(user: User, *, title: str) -> Link:
    said = {"email": user.email}
    if _may_make_no_calls(user) and Call.objects.filter(company=user.company).exists():
        sentence = _(
            "Mustalinja has no user with the email %(email)s. That is as it should be if you make no calls yourself."
        )
        return Link(key="same_email", title=title, state="ok", sentence=sentence % said)
    sentence = _(
        "Mustalinja has no user with the email %(email)s, so your calls would not be found. Have the email corrected in"
        " Mustalinja, or have Mustalinja's email assigned to you on the Team page."
    )
    actions = [Action(label=_("Open the team"), url=reverse("calls:team"))] if user.manages_company else []
    return Link(
        key="same_email",
        title=title,
        state="todo",
        sentence=sentence % said,
        actions=actions,
        is_for_admin=not user.manages_company,
    )


def _first_call(chain: Chain, *, own: CallQuerySet, latest: Call | None) -> Link:
    title = _("First call in Pipedrive")
    user = chain.user
    logged = latest if latest is not None and latest.status == Status.LOGGED else _latest_logged(user, own)
    if logged is not None:
        sentence = _("The latest call was logged on %(day)s at %(time)s.") % {
            "day": day_words(timezone.localtime(logged.logged_at or logged.started_at)),
            "time": time_words(logged.logged_at or logged.started_at),
        }
        see = Action(label=_("Open in Pipedrive"), url=logged.activity_url, kind="secondary")
        actions = [see] if logged.activity_url and (logged.rep_id == user.pk or user.sees_all_calls) else []
        return Link(key="first_call", title=title, state="ok", sentence=sentence, actions=actions)
    if latest is not None:
        see = Action(label=_("See the call"), url=latest.get_absolute_url())
        return Link(key="first_call", title=title, state="todo", sentence=latest.explanation, actions=[see])
    if chain.mustalinja is None or chain.connection is None:
        sentence = _("Follows when everything above is done.")
        return Link(key="first_call", title=title, state="waiting", sentence=sentence)
    sentence = _("Everything is ready for your first call. Make a test call, and watch it go to Pipedrive.")
    test = Action(label=_("Make a test call"), url=reverse("calls:test_call"))
    return Link(key="first_call", title=title, state="todo", sentence=sentence, actions=[test])


def _may_make_no_calls(user: User) -> bool:
    """Whether somebody is here for other people's calls, too."""
    return user.manages_company or user.sees_all_calls


def _latest_logged(user: User, own: CallQuerySet) -> Call | None:
    """The person's own; one who may make no calls is content with a colleague's."""
    logged = own.filter(status=Status.LOGGED).order_by("-started_at", "-id").first()
    if logged is None and _may_make_no_calls(user):
        of_company: CallQuerySet = Call.objects.filter(company=user.company, status=Status.LOGGED)
        return of_company.order_by("-started_at", "-id").first()
    return logged
