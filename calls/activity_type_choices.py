"""The activity types that a company's admin can choose from: those that its Pipedrive has, as far as they are known."""

from django.utils.translation import gettext as _

from accounts.models import Company
from integrations.models import PipedriveAccount


def type_choices(company: Company, *, current: str) -> list[tuple[str, str]]:
    """Keys and names, by name, and the current choice though Pipedrive may not have it. Empty while no list has been
    read, which a company's first call does.
    """
    types: dict[str, str] = {}
    for account in PipedriveAccount.objects.filter(company=company, connections__isnull=False).distinct():
        types |= {key: account.activity_type_names.get(key, key) for key in account.activity_types}
    if not types:
        return []
    types.setdefault(current, _("%(key)s (not active in Pipedrive)") % {"key": current})
    return sorted(types.items(), key=lambda each: each[1].casefold())
