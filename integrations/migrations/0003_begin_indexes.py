import datetime

from django.db import migrations
from django.utils import timezone


def begin_indexes(apps, schema_editor):
    """Accounts connected before there was an index get one; the worker reads their persons, one account after another."""
    accounts = apps.get_model("integrations", "PipedriveAccount").objects.filter(connections__isnull=False).distinct()
    ContactIndex = apps.get_model("integrations", "ContactIndex")
    now = timezone.now()
    indexes = [
        ContactIndex(account=account, next_step_at=now + number * datetime.timedelta(seconds=10))
        for number, account in enumerate(accounts)
    ]
    ContactIndex.objects.bulk_create(indexes, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_contact_index")]

    operations = [migrations.RunPython(begin_indexes, migrations.RunPython.noop)]
