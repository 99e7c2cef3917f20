"""What of a company's settings lies in the company's own row, and what follows from changing it."""

from accounts.models import Company
from integrations.contact_upkeep import read_soon
from integrations.models import PipedriveAccount


def change_company(company: Company, **values: str) -> None:
    """Set the language or the region. After a new region every person's numbers are read anew."""
    changes = {name: value for name, value in values.items() if getattr(company, name) != value}
    for name, value in changes.items():
        setattr(company, name, value)
    company.save(update_fields=list(changes))
    if "region" in changes:
        accounts = PipedriveAccount.objects.filter(company=company, connections__isnull=False)
        for account in accounts.distinct():
            read_soon(account)
