"""The roles of SaaShop's staff and what each may do: one table, to which `migrate` brings Django's groups."""

from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions

from accounts.staff_rights import ADMINISTRATOR, LEAD, SUPPORT


def _may(action: str, *models: str) -> frozenset[str]:
    """The permissions for one action on models, each given as `app.model`."""
    return frozenset(f"{app}.{action}_{model}" for app, model in (each.split(".") for each in models))


_SUPPORT = (
    _may("view", "accounts.company", "accounts.user", "accounts.license", "accounts.order")
    | _may("view", "accounts.auditentry")
    | _may("view", "account.emailaddress", "mfa.authenticator")
    | _may("view", "integrations.pipedriveaccount", "integrations.pipedriveconnection", "integrations.contactindex")
    | _may("view", "integrations.pipedrivesubscription", "integrations.tokenspending", "integrations.pendingrevocation")
    | _may("view", "integrations.mustalinjaaccount", "integrations.backfill")
    | _may("view", "calls.call", "calls.webhookdelivery", "calls.book", "calls.followup", "calls.plannedcall")
    | _may("view", "calls.loggingpolicy", "calls.numberchoice", "calls.newperson", "calls.ownnumber")
    | _may("view", "calls.workerheartbeat", "calls.resend", "calls.drift")
    | _may("mend", "calls.call", "calls.webhookdelivery", "calls.book", "calls.drift")
    | _may("mend", "integrations.contactindex", "integrations.mustalinjaaccount")
    | _may("view", "support.note", "support.retentionreport")
    | {"accounts.change_user", "accounts.view_as_user", "support.add_note"}
)
_LEAD = (
    _SUPPORT
    | _may("add", "accounts.company", "accounts.license", "calls.loggingpolicy")
    | _may("change", "accounts.company", "accounts.license", "calls.loggingpolicy", "calls.ownnumber")
    | _may("change", "integrations.mustalinjaaccount")
    | _may("delete", "calls.numberchoice", "mfa.authenticator")
    | {"accounts.manage_user"}
)
_ADMINISTRATOR = (
    _LEAD
    | _may("add", "accounts.user")
    | _may("delete", "accounts.company", "accounts.user", "calls.loggingpolicy")
    | _may("view", "django_q.schedule", "django_q.success", "django_q.failure", "django_q.ormq")
    | {"accounts.manage_staff", "support.add_dataexport", "support.view_dataexport"}
)
ROLES: dict[str, frozenset[str]] = {SUPPORT: _SUPPORT, LEAD: _LEAD, ADMINISTRATOR: _ADMINISTRATOR}


def keep_roles(using: str, apps: Any = installed, **_signal: Any) -> None:
    """Make the groups and give them what the table says, no more and no less, after each `migrate`.

    Permissions come into being after the migrations, app by app; so the ones that are named here are made first.
    """
    named = {name.partition(".")[0] for permissions in ROLES.values() for name in permissions}
    for label in sorted(named):
        create_permissions(installed.get_app_config(label), verbosity=0, using=using, apps=apps)
    permissions = apps.get_model("auth", "Permission").objects.using(using).select_related("content_type")
    known = {f"{each.content_type.app_label}.{each.codename}": each for each in permissions}
    for role, wanted in ROLES.items():
        group, _is_new = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=role)
        group.permissions.set([known[name] for name in sorted(wanted & known.keys())])
