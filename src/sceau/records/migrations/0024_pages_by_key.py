"""Certificates found by who asked, contract and right with their end beside them; what a large run was counted
to end. No table is rebuilt: a new column that may be empty, and indexes.
"""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

_OLD = (("certificate_asker", ("asked_by", "id")), ("certificate_contract", ("contract", "id")))
_NEW = (
    ("certificate_of_asker", ("asked_by", "id", "not_after")),
    ("certificate_of_contract", ("contract", "id", "not_after")),
    ("certificate_of_right", ("habilitation", "id", "not_after")),
)


def drop_single(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    """The index of rights alone, by its one column: its name is Django's."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "records_certificate")
    for name, one in found.items():
        if one["index"] and not one["unique"] and one["columns"] == ["habilitation_id"]:
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


class Migration(migrations.Migration):
    dependencies = (("records", "0023_entrusting"),)
    operations = (
        *(migrations.RemoveIndex("certificate", name) for name, _ in _OLD),
        *(
            migrations.AddIndex("certificate", models.Index(fields=fields, name=name))
            for name, fields in _NEW
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_single, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField(
                    "certificate",
                    "habilitation",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="certificates",
                        to="records.habilitation",
                    ),
                )
            ],
        ),
        migrations.AddField("revocationrun", "counted", models.JSONField(null=True)),
    )
