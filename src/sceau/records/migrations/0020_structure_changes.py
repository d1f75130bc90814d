"""A structure that closes, is absorbed or changes identity, with the dated plan of what follows."""

import django.db.models.deletion
from django.db import migrations, models

from sceau.records.triggers import install_on


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0019_officers"),
    ]

    operations = [
        migrations.CreateModel(
            name="StructureChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("kind", models.CharField(max_length=8)),
                ("becomes", models.JSONField(default=dict)),
                ("effective_on", models.DateField()),
                ("reason", models.TextField()),
                ("task", models.CharField(blank=True, max_length=20)),
                ("state", models.CharField(max_length=9)),
                ("version", models.PositiveIntegerField(default=1)),
                ("opened_by", models.CharField(max_length=64)),
                ("opened_card", models.CharField(max_length=10)),
                ("opened_at", models.DateTimeField()),
                ("proposed_by", models.CharField(blank=True, max_length=64)),
                ("proposed_card", models.CharField(blank=True, max_length=10)),
                ("proposed_at", models.DateTimeField(null=True)),
                ("confirmed_by", models.CharField(blank=True, max_length=64)),
                ("confirmed_card", models.CharField(blank=True, max_length=10)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("applied_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=64)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "piece",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.piece",
                    ),
                ),
                (
                    "structure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="records.structure",
                    ),
                ),
                (
                    "successor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.structure",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StructureChangeLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("thing", models.CharField(max_length=11)),
                ("reference", models.CharField(max_length=40)),
                ("carries", models.BooleanField(default=False)),
                ("answer", models.CharField(blank=True, max_length=10)),
                ("replace_before", models.DateField(null=True)),
                ("revoke_on", models.DateField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=64)),
                ("decided_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("outcome", models.CharField(blank=True, max_length=40)),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="records.structurechange",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="structurechange",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "proposed", "confirmed", "done", "dropped"])),
                name="structure_change_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="structurechange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["closed", "absorbed", "renamed"])),
                name="structure_change_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="structurechange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("open", "proposed", "confirmed"))),
                fields=("structure",),
                name="structure_change_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="structurechange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("opened_by", ""), _negated=True), models.Q(("opened_card", ""), _negated=True)
                ),
                name="structure_change_opened",
            ),
        ),
        migrations.AddConstraint(
            model_name="structurechange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_by", ""),
                    models.Q(
                        models.Q(("confirmed_by", models.F("proposed_by")), _negated=True),
                        models.Q(("proposed_by", ""), _negated=True),
                        models.Q(("proposed_card", ""), _negated=True),
                        models.Q(("confirmed_card", ""), _negated=True),
                        ("piece__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="structure_change_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="structurechange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", False), ("state__in", ("confirmed", "done"))),
                    models.Q(
                        models.Q(("state__in", ("confirmed", "done")), _negated=True),
                        ("confirmed_at__isnull", True),
                        ("confirmed_by", ""),
                    ),
                    _connector="OR",
                ),
                name="structure_change_confirmed_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="structurechangeline",
            index=models.Index(
                condition=models.Q(("done_at__isnull", True)),
                fields=["revoke_on", "id"],
                name="change_line_revoke",
            ),
        ),
        migrations.AddIndex(
            model_name="structurechangeline",
            index=models.Index(
                condition=models.Q(("done_at__isnull", True)),
                fields=["replace_before", "id"],
                name="change_line_replace",
            ),
        ),
        migrations.AddIndex(
            model_name="structurechangeline",
            index=models.Index(fields=["thing", "reference"], name="change_line_reference"),
        ),
        migrations.AddConstraint(
            model_name="structurechangeline",
            constraint=models.UniqueConstraint(
                fields=("change", "thing", "reference"), name="change_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="structurechangeline",
            constraint=models.CheckConstraint(
                condition=models.Q(("thing__in", ["contract", "order", "right", "certificate"])),
                name="change_line_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="structurechangeline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("decided_at__isnull", True), ("decided_by", "")),
                    models.Q(
                        models.Q(("answer", ""), _negated=True),
                        models.Q(("decided_by", ""), _negated=True),
                        ("decided_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="change_line_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="structurechangeline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("thing", "certificate"), _negated=True),
                    ("answer", ""),
                    models.Q(("answer", "keep"), ("carries", False)),
                    models.Q(("answer", "revoke"), ("revoke_on__isnull", False)),
                    models.Q(
                        ("answer", "replace"), ("replace_before__isnull", False), ("revoke_on__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="change_line_dated",
            ),
        ),
        migrations.RunPython(
            install_on("records_structurechange", "records_structurechangeline"), migrations.RunPython.noop
        ),
    ]
