import datetime

from django.db import migrations
from django.db.models import Max
from django.utils import timezone


def learn_from_calls(apps, schema_editor):
    """The numbers that calls of the last 90 days have named as their reps' own."""
    lately = timezone.now() - datetime.timedelta(days=90)
    calls = apps.get_model("calls", "Call").objects.filter(received_at__gte=lately, rep_number__startswith="+")
    named = calls.order_by().values_list("company_id", "rep_number").annotate(seen_at=Max("received_at"))
    OwnNumber = apps.get_model("calls", "OwnNumber")
    OwnNumber.objects.bulk_create(
        [
            OwnNumber(company_id=company_id, number=number, seen_at=seen_at)
            for company_id, number, seen_at in named
            if len(number) <= 20
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("calls", "0002_contacts_and_own_numbers")]

    operations = [
        migrations.RunPython(learn_from_calls, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="call", name="call_by_rep_number"),
    ]
