from django.db import migrations

from integrations.mustalinja.webhook import call_id_of

READ_AT_ONCE = 500


def name_calls(apps, _schema_editor):
    """Earlier deliveries that made no call get the id of the call that they name, in batches of short writes."""
    WebhookDelivery = apps.get_model("calls", "WebhookDelivery")
    without_call = WebhookDelivery.objects.filter(call=None, external_id="").order_by("pk")
    last = 0
    while batch := list(without_call.filter(pk__gt=last).only("pk", "body")[:READ_AT_ONCE]):
        last = batch[-1].pk
        for delivery in batch:
            delivery.external_id = call_id_of(bytes(delivery.body))
        WebhookDelivery.objects.bulk_update([each for each in batch if each.external_id], ["external_id"])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("calls", "0018_more_kinds_of_steps"),
    ]

    operations = [
        migrations.RunPython(name_calls, migrations.RunPython.noop, elidable=True),
    ]
