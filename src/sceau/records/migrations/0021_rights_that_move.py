"""Designations that follow a structure's change, more time for what was not replaced, and the departure of a
member of a team.
"""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from sceau.records.triggers import install_on, remove_from

_REBUILT = (
    *("records_departure", "records_designationversion", "records_structurechangeline"),
    *("records_designation", "records_designationattestation", "records_habilitationversion"),
    *("records_teammember", "records_thirdparty", "records_structurechange"),
)


def number_parties(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    """Every act says under which number it designated its third party: none has moved so far."""
    versions = apps.get_model("records", "DesignationVersion").objects.filter(party_number="")
    for row in versions.select_related("designation__third_party__structure").iterator():
        row.party_number = row.designation.third_party.structure.national_id
        row.save(update_fields=["party_number"])


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0020_structure_changes"),
    ]

    operations = [
        migrations.RunPython(remove_from(*_REBUILT), migrations.RunPython.noop),
        migrations.CreateModel(
            name="ChangeGrace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("revoke_on", models.DateField()),
                ("reason", models.TextField()),
                ("state", models.CharField(default="asked", max_length=8)),
                ("asked_by", models.CharField(max_length=64)),
                ("asked_card", models.CharField(max_length=10)),
                ("asked_at", models.DateTimeField()),
                ("decided_by", models.CharField(blank=True, max_length=64)),
                ("decided_card", models.CharField(blank=True, max_length=10)),
                ("decided_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="departure",
            name="departure_one_open",
        ),
        migrations.RemoveConstraint(
            model_name="structurechangeline",
            name="change_line_thing",
        ),
        migrations.AddField(
            model_name="departure",
            name="member",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="departure",
                to="records.teammember",
            ),
        ),
        migrations.AddField(
            model_name="designationversion",
            name="carries",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="carried",
                to="records.designationversion",
            ),
        ),
        migrations.AddField(
            model_name="designationversion",
            name="party_number",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="structurechangeline",
            name="warned_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name="departure",
            constraint=models.UniqueConstraint(
                condition=models.Q(("member__isnull", True), ("state", "open")),
                fields=("structure", "person"),
                name="departure_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="structurechangeline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("thing__in", ["contract", "order", "right", "certificate", "designation"])
                ),
                name="change_line_thing",
            ),
        ),
        migrations.AddField(
            model_name="changegrace",
            name="line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="graces",
                to="records.structurechangeline",
            ),
        ),
        migrations.AddConstraint(
            model_name="changegrace",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["asked", "granted", "refused", "dropped"])),
                name="change_grace_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="changegrace",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "asked")), fields=("line",), name="change_grace_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="changegrace",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("asked_by", ""), _negated=True), models.Q(("asked_card", ""), _negated=True)
                ),
                name="change_grace_with_a_card",
            ),
        ),
        migrations.AddConstraint(
            model_name="changegrace",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by", ""), ("state", "asked")),
                    models.Q(models.Q(("state", "asked"), _negated=True), ("decided_at__isnull", False)),
                    _connector="OR",
                ),
                name="change_grace_decided_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="changegrace",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "granted"), _negated=True),
                    models.Q(
                        models.Q(("decided_by", ""), _negated=True),
                        models.Q(("decided_card", ""), _negated=True),
                        models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="change_grace_two_people",
            ),
        ),
        migrations.RunPython(number_parties, migrations.RunPython.noop),
        migrations.RunPython(install_on(*_REBUILT, "records_changegrace"), migrations.RunPython.noop),
    ]
