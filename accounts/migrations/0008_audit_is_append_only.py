"""Triggers refuse to change an entry of the audit log, whoever asks. Only the actor, the company, the address and the
reason may be forgotten, when a person or a company is erased.

SQLite drops a table's triggers when a later migration remakes the table: such a migration has to run `add_triggers`
again. A test holds that the triggers are there.
"""

from django.db import migrations

KEPT = ("id", "at", "is_staff", "action", "subject", "changes")
FORGETTABLE = ("actor_id", "company_id", "address")

SQLITE = """
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON accounts_auditentry
WHEN {changed}
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""
POSTGRESQL = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON accounts_auditentry
FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION audit_is_append_only()
"""


def add_triggers(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    differs = "IS DISTINCT FROM" if on_postgresql else "IS NOT"
    changed = [f"NEW.{column} {differs} OLD.{column}" for column in KEPT]
    changed += [f"(NEW.{column} IS NOT NULL AND NEW.{column} {differs} OLD.{column})" for column in FORGETTABLE]
    changed += ["(NEW.reason <> '' AND NEW.reason <> OLD.reason)"]
    schema_editor.execute((POSTGRESQL if on_postgresql else SQLITE).format(changed=" OR ".join(changed)), params=None)


def remove_triggers(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER audit_is_append_only ON accounts_auditentry")
        schema_editor.execute("DROP FUNCTION audit_is_append_only()")
    else:
        schema_editor.execute("DROP TRIGGER audit_is_append_only")


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0007_audit"),
    ]

    operations = [
        migrations.RunPython(add_triggers, remove_triggers),
    ]
