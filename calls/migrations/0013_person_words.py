import re
import unicodedata

import django.db.models.deletion
from django.db import migrations, models

WRITTEN_AT_ONCE = 2_000


def words_of(name):
    """As calls/person_words.py has it at the time of this migration."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    without_marks = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return dict.fromkeys(word[:60] for word in re.findall(r"[^\W_]+", without_marks)[:8])


def remember_names(apps, _schema_editor):
    """The names on the calls that are there already, company by company."""
    Call, PersonWord = apps.get_model("calls", "Call"), apps.get_model("calls", "PersonWord")
    for company_id in apps.get_model("accounts", "Company").objects.values_list("pk", flat=True):
        named = Call.objects.filter(company_id=company_id, person_id__isnull=False).exclude(person_name="")
        persons = list(named.order_by().values_list("person_id", "person_name").distinct())
        PersonWord.objects.bulk_create(
            (
                PersonWord(company_id=company_id, initial=word[:3], word=word, person_id=person_id)
                for person_id, name in persons
                for word in words_of(name)
            ),
            batch_size=WRITTEN_AT_ONCE,
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_region"),
        ("calls", "0012_follow_ups"),
    ]

    operations = [
        migrations.CreateModel(
            name="PersonWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("initial", models.CharField(editable=False, max_length=3)),
                ("word", models.CharField(editable=False, max_length=60)),
                ("person_id", models.BigIntegerField(editable=False, verbose_name="person in Pipedrive")),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.company",
                        verbose_name="company",
                    ),
                ),
            ],
            options={"verbose_name": "word of a name", "verbose_name_plural": "words of names"},
        ),
        migrations.AddConstraint(
            model_name="personword",
            constraint=models.UniqueConstraint(
                fields=("company", "initial", "word", "person_id"), name="person_word_once"
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("person_id__isnull", False)),
                fields=["company", "person_id", "-started_at", "-id"],
                name="call_of_person",
            ),
        ),
        migrations.RunPython(remember_names, migrations.RunPython.noop),
    ]
