from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0019_calls_of_earlier_deliveries"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhookdelivery",
            name="original",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=64),
        ),
    ]
