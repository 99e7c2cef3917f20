import django.db.models.deletion
from django.db import migrations, models


def give_turns(apps, schema_editor):
    """Each company its turn."""
    Turn = apps.get_model("calls", "Turn")
    companies = apps.get_model("accounts", "Company").objects.all()
    Turn.objects.bulk_create([Turn(company=company) for company in companies], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_region"), ("calls", "0003_own_numbers_from_calls")]

    operations = [
        migrations.CreateModel(
            name="Turn",
            fields=[
                (
                    "company",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="turn",
                        serialize=False,
                        to="accounts.company",
                        verbose_name="company",
                    ),
                ),
                ("queued_at", models.DateTimeField(null=True, verbose_name="queued")),
                ("working_until", models.DateTimeField(null=True, verbose_name="being worked on until")),
                ("worker", models.CharField(blank=True, max_length=32, verbose_name="worker")),
            ],
            options={
                "verbose_name": "turn",
                "verbose_name_plural": "turns",
                "indexes": [
                    models.Index(
                        condition=models.Q(("worker", ""), _negated=True), fields=["worker"], name="turn_of_worker"
                    )
                ],
            },
        ),
        migrations.RunPython(give_turns, migrations.RunPython.noop),
        # The column stays until no older version runs any more beside this one: it writes there.
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="call", name="nudged_at")]
        ),
        migrations.RemoveIndex(model_name="call", name="call_pending"),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("status", "pending")),
                fields=["company", "next_attempt_at", "started_at"],
                name="call_pending_of_company",
            ),
        ),
    ]
