from django.db import migrations


def confirm_emails_of_staff(apps, schema_editor):
    """Until now staff logged in to the admin itself, which did not ask whether their email was confirmed. Whoever could
    log in there was made by SaaShop and goes on without a mail.
    """
    email_address = apps.get_model("account", "EmailAddress")
    staff = apps.get_model("accounts", "User").objects.filter(is_staff=True, emailaddress__isnull=True)
    email_address.objects.bulk_create(
        email_address(user_id=user.pk, email=user.email, verified=True, primary=True) for user in staff
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_audit_is_append_only"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.RunPython(confirm_emails_of_staff, migrations.RunPython.noop, elidable=True),
    ]
