"""What a certificate writes, in fewer pages: found by its key through the uses of that key, its draft shed once
what was signed holds it, its row refused before anything of it is written; and its status in an index of its own.
No table is rebuilt.
"""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from sceau.records.triggers import install_on

_FORMER = (
    "INSERT INTO records_formerkeyuse (spki_sha256, certificate_id)"
    " SELECT c.spki_sha256, c.id FROM records_certificate c WHERE NOT EXISTS (SELECT 1 FROM records_keyuse k"
    " WHERE k.spki_sha256 = c.spki_sha256 AND k.certificate_id = c.id)"
)


def remember_former(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    """Every certificate that is not its key's last one."""
    schema_editor.execute(_FORMER)
    if (
        schema_editor.connection.vendor == "sqlite"
    ):  # where the entries above the last leaf's are those that wait
        schema_editor.execute("DELETE FROM records_journalpending")


def drop_key_index(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # as above
    """The indexes of a certificate's key alone, by their one column: their names are Django's."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "records_certificate")
    for name, one in found.items():
        if one["index"] and not one["unique"] and one["columns"] == ["spki_sha256"]:
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


class Migration(migrations.Migration):
    dependencies = (("records", "0024_pages_by_key"),)
    operations = (
        migrations.CreateModel(
            name="FormerKeyUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("spki_sha256", models.CharField(db_index=True, max_length=64)),
                (
                    "certificate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.certificate",
                    ),
                ),
            ],
        ),
        migrations.RunPython(remember_former, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_key_index, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField("certificate", "spki_sha256", models.CharField(max_length=64))
            ],
        ),
        migrations.AddIndex(
            "certificate",
            models.Index(
                condition=models.Q(state__in=["issued", "collected", "presumed"]),
                fields=["serial", "issuer", "generation", "state", "changed_at"],
                name="certificate_status",
            ),
        ),
        migrations.RunPython(
            install_on("records_certificate", "records_keyuse", "records_formerkeyuse"),
            migrations.RunPython.noop,
        ),
    )
