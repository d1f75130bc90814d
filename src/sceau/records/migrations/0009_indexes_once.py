"""Indexes that stood beside another one beginning with the same column, or that nobody asks: no longer written
at each certificate. The indexes go by themselves, no table is rebuilt."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

_NEEDLESS = (
    ("records_certificate", "structure_id"),
    ("records_certificate", "contract_id"),
    ("records_certificate", "replaces_id"),
    ("records_certificatename", "certificate_id"),
    ("records_keyuse", "certificate_id"),
    ("records_journaldisclosure", "entry_id"),
)


def drop_needless(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    """Each found by its one column: the names are Django's."""
    connection = schema_editor.connection
    for table, column in _NEEDLESS:
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, table)
        for name, one in found.items():
            if one["index"] and not one["unique"] and not one["primary_key"] and one["columns"] == [column]:
                schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def _to(model: str, related: str, *, null: bool = False) -> models.ForeignKey[Any]:
    return models.ForeignKey(
        db_index=False,
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related,
        to=model,
    )


class Migration(migrations.Migration):
    dependencies = [("records", "0008_legal_file")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_needless, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField(
                    "certificate", "structure", _to("records.structure", "certificates", null=True)
                ),
                migrations.AlterField(
                    "certificate", "contract", _to("records.contract", "certificates", null=True)
                ),
                migrations.AlterField(
                    "certificate", "replaces", _to("records.certificate", "successors", null=True)
                ),
                migrations.AlterField("certificatename", "certificate", _to("records.certificate", "names")),
                migrations.AlterField("keyuse", "certificate", _to("records.certificate", "+")),
                migrations.AlterField(
                    "journaldisclosure", "entry", _to("records.journalentry", "disclosures")
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="certificate",
            index=models.Index(
                condition=models.Q(("replaces__isnull", False)),
                fields=["replaces"],
                name="certificate_replaces",
            ),
        ),
    ]
