"""National registers as imported, a generation for each import, and the tasks of the desk."""

from typing import Any

from django.db import migrations, models

from sceau.records.triggers import install_on


def search_by_octets(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    """A prefix of a name is a range of the index only where names are ordered by their octets."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            'ALTER TABLE records_registerrow ALTER COLUMN folded TYPE varchar(60) COLLATE "C"'
        )


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0009_indexes_once"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeskTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("key", models.CharField(max_length=160, unique=True)),
                ("code", models.CharField(max_length=48)),
                ("subject", models.CharField(max_length=80)),
                ("details", models.JSONField(default=list)),
                ("about", models.JSONField(default=list)),
                ("raised_at", models.DateTimeField()),
                ("raised_by", models.CharField(max_length=40)),
                ("done_at", models.DateTimeField(null=True)),
                ("done_by", models.CharField(blank=True, max_length=64)),
                ("outcome", models.TextField(blank=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True)), fields=["id"], name="task_to_do"
                    ),
                    models.Index(fields=["subject"], name="task_subject"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at__isnull", True), ("done_by", ""), ("outcome", "")),
                            models.Q(
                                ("done_at__isnull", False),
                                models.Q(("done_by", ""), _negated=True),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="task_done_whole",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RegisterChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("generation", models.BigIntegerField()),
                ("key", models.CharField(max_length=14)),
                ("what", models.CharField(max_length=8)),
                ("before", models.CharField(max_length=200)),
                ("after", models.CharField(max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["generation", "id"], name="register_change_of"),
                    models.Index(fields=["key"], name="register_change_key"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("what__in", ["state", "name", "link", "gone"])),
                        name="register_change_what",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RegisterImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("layout", models.CharField(max_length=32)),
                ("state", models.CharField(max_length=12)),
                ("file_name", models.CharField(max_length=120)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.BigIntegerField()),
                ("encoding", models.CharField(max_length=16)),
                ("dated", models.DateField(null=True)),
                ("began_by", models.CharField(blank=True, max_length=64)),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("compared_at", models.DateTimeField(null=True)),
                ("accepts_shrunk", models.BooleanField(default=False)),
                ("position", models.BigIntegerField(default=0)),
                ("line", models.BigIntegerField(default=0)),
                ("kept", models.BigIntegerField(default=0)),
                ("repeated", models.BigIntegerField(default=0)),
                ("rejected", models.BigIntegerField(default=0)),
                ("changed", models.BigIntegerField(default=0)),
                ("gone", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["loading", "standing", "superseded", "refused", "dropped"])
                        ),
                        name="register_import_state",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "standing")),
                        fields=("layout",),
                        name="register_one_stands",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "loading")),
                        fields=("layout",),
                        name="register_one_loads",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RegisterReject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("generation", models.BigIntegerField()),
                ("line", models.BigIntegerField()),
                ("reason", models.CharField(max_length=16)),
                ("text", models.CharField(max_length=2000)),
            ],
            options={
                "indexes": [models.Index(fields=["generation", "line"], name="register_reject_line")],
            },
        ),
        migrations.CreateModel(
            name="RegisterRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("generation", models.BigIntegerField()),
                ("key", models.CharField(max_length=14)),
                ("name", models.CharField(max_length=200)),
                ("given", models.CharField(max_length=80)),
                ("folded", models.CharField(max_length=60)),
                ("parent", models.CharField(max_length=64)),
                ("other", models.CharField(max_length=14)),
                ("postcode", models.CharField(max_length=5)),
                ("commune", models.CharField(max_length=80)),
                ("category", models.CharField(max_length=16)),
                ("state", models.CharField(max_length=12)),
                ("since", models.CharField(max_length=10)),
                ("successor", models.CharField(max_length=14)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["generation", "folded"], name="register_row_name"),
                    models.Index(
                        condition=models.Q(("other", ""), _negated=True),
                        fields=["generation", "other"],
                        name="register_row_other",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("generation", "key"), name="register_row_once")
                ],
            },
        ),
        migrations.RunPython(search_by_octets, migrations.RunPython.noop),
        migrations.RunPython(
            install_on("records_registerimport", "records_desktask"), migrations.RunPython.noop
        ),
    ]
