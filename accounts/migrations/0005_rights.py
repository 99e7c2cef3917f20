from django.db import migrations


def let_admins_see_all_calls(apps, schema_editor):
    """Until now the two rights were one."""
    apps.get_model("accounts", "User").objects.filter(is_company_admin=True).update(sees_all_calls=True)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0004_team"),
    ]

    operations = [
        migrations.RunPython(let_admins_see_all_calls, migrations.RunPython.noop, elidable=True),
    ]
