"""Third parties, their teams, the designations that give them something, and technical parts."""

import django.db.models.deletion
from django.db import migrations, models

from sceau.records.triggers import install_on


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0016_own_structure"),
    ]

    operations = [
        migrations.CreateModel(
            name="Designation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("state", models.CharField(max_length=16)),
                ("current_version", models.PositiveIntegerField(default=0)),
                ("accepted_by", models.CharField(blank=True, max_length=64)),
                ("accepted_card", models.CharField(blank=True, max_length=10)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=64)),
                ("ended_as", models.CharField(blank=True, max_length=16)),
                ("ended_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="designations",
                        to="records.contract",
                    ),
                ),
                (
                    "structure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="designations",
                        to="records.structure",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DesignationVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("products", models.JSONField()),
                ("names", models.JSONField(default=list)),
                ("may_fill", models.BooleanField()),
                ("may_administer", models.BooleanField()),
                ("until", models.DateField()),
                ("signatory", models.CharField(max_length=64)),
                ("quality", models.CharField(max_length=16)),
                ("signed_card", models.CharField(blank=True, max_length=10)),
                ("signed_on", models.DateField()),
                ("made_by", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "designation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="records.designation",
                    ),
                ),
                (
                    "piece",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.piece",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DesignationAttestation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("officer", models.CharField(max_length=64)),
                ("card_number", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attestations",
                        to="records.designationversion",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="habilitationversion",
            name="designation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="grants",
                to="records.designationversion",
            ),
        ),
        migrations.CreateModel(
            name="TeamMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("card_number", models.CharField(max_length=10)),
                ("email", models.CharField(blank=True, max_length=254)),
                ("state", models.CharField(max_length=16)),
                ("proposed_by", models.CharField(max_length=64)),
                ("proposed_card", models.CharField(max_length=10)),
                ("proposed_at", models.DateTimeField()),
                ("changed_by", models.CharField(blank=True, max_length=64)),
                ("changed_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="teams", to="records.person"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TeamCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("officer", models.CharField(max_length=64)),
                ("card_number", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checks",
                        to="records.teammember",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TechnicalPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("state", models.CharField(max_length=16)),
                ("raw", models.JSONField()),
                ("message", models.TextField(blank=True)),
                ("current", models.PositiveIntegerField()),
                ("opened_by", models.CharField(max_length=64)),
                ("opened_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "designation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="technical_parts",
                        to="records.designation",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="technical_parts",
                        to="records.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TechnicalText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("text", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("made_by", models.CharField(max_length=64)),
                ("made_as", models.CharField(max_length=16)),
                ("made_at", models.DateTimeField()),
                (
                    "part",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="texts",
                        to="records.technicalpart",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ThirdParty",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("kind", models.CharField(max_length=16)),
                ("registered_by", models.CharField(max_length=64)),
                ("registered_at", models.DateTimeField()),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.contract"
                    ),
                ),
                (
                    "structure",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="third_party",
                        to="records.structure",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="teammember",
            name="third_party",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="members", to="records.thirdparty"
            ),
        ),
        migrations.AddField(
            model_name="designation",
            name="third_party",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="designations",
                to="records.thirdparty",
            ),
        ),
        migrations.AddConstraint(
            model_name="designationversion",
            constraint=models.UniqueConstraint(
                fields=("designation", "number"), name="designation_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="designationversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("quality__in", ["representative", "mandataire"])),
                name="designation_signed_in_quality",
            ),
        ),
        migrations.AddConstraint(
            model_name="designationversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("signed_card", ""), _negated=True), ("piece__isnull", False), _connector="OR"
                ),
                name="designation_card_or_paper",
            ),
        ),
        migrations.AddConstraint(
            model_name="designationversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("may_fill", True), ("may_administer", True), _connector="OR"),
                name="designation_for_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="designationattestation",
            constraint=models.UniqueConstraint(
                fields=("version", "officer"), name="designation_attested_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="designationattestation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("officer", ""), _negated=True), models.Q(("card_number", ""), _negated=True)
                ),
                name="designation_attested_with_a_card",
            ),
        ),
        migrations.AddConstraint(
            model_name="teamcheck",
            constraint=models.UniqueConstraint(fields=("member", "officer"), name="team_check_once"),
        ),
        migrations.AddConstraint(
            model_name="teamcheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("officer", ""), _negated=True), models.Q(("card_number", ""), _negated=True)
                ),
                name="team_check_with_a_card",
            ),
        ),
        migrations.AddIndex(
            model_name="technicalpart",
            index=models.Index(fields=["designation", "state"], name="technical_of_designation"),
        ),
        migrations.AddConstraint(
            model_name="technicalpart",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["entrusted", "given-back", "taken-back", "signed"])),
                name="technical_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="technicalpart",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "signed"), _negated=True), ("order__isnull", False), _connector="OR"
                ),
                name="technical_signed_as_an_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="technicaltext",
            constraint=models.UniqueConstraint(fields=("part", "number"), name="technical_text_once"),
        ),
        migrations.AddConstraint(
            model_name="technicaltext",
            constraint=models.CheckConstraint(
                condition=models.Q(("made_as__in", ["structure", "third-party"])),
                name="technical_text_made_as",
            ),
        ),
        migrations.AddConstraint(
            model_name="thirdparty",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["editor", "distributor"])), name="third_party_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="teammember",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["proposed", "active", "refused", "removed"])),
                name="team_member_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="teammember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("proposed", "active"))),
                fields=("third_party", "person"),
                name="team_member_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="teammember",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("proposed_by", ""), _negated=True),
                    models.Q(("proposed_card", ""), _negated=True),
                ),
                name="team_member_with_a_card",
            ),
        ),
        migrations.AddIndex(
            model_name="designation",
            index=models.Index(fields=["third_party", "state", "id"], name="designation_of_third"),
        ),
        migrations.AddConstraint(
            model_name="designation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["prepared", "offered", "active", "declined", "ended"])),
                name="designation_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="designation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("prepared", "offered", "active"))),
                fields=("structure", "third_party"),
                name="designation_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="designation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "active"), _negated=True),
                    models.Q(
                        models.Q(("accepted_by", ""), _negated=True),
                        models.Q(("accepted_card", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="designation_accepted_with_a_card",
            ),
        ),
        migrations.AddConstraint(
            model_name="designation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "prepared"), ("state", "declined"), ("current_version__gt", 0), _connector="OR"
                ),
                name="designation_signed",
            ),
        ),
        migrations.AddConstraint(
            model_name="designation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ended"), _negated=True), ("ended_at__isnull", False), _connector="OR"
                ),
                name="designation_ended_whole",
            ),
        ),
        migrations.RunPython(
            install_on(
                "records_thirdparty",
                "records_teammember",
                "records_teamcheck",
                "records_designation",
                "records_designationversion",
                "records_designationattestation",
                "records_habilitationversion",
                "records_technicalpart",
                "records_technicaltext",
                "records_approval",
            ),
            migrations.RunPython.noop,
        ),
    ]
