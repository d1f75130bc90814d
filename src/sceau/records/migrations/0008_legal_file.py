"""The legal file: acts on contracts, dated powers, pieces and what was read on them, leaves of domain holders.

Parties known before speak for their structure since its contract began, with every power that their quality
has by default. Rights granted before on the word of a form keep what was verified then.
"""

import datetime
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from sceau.records.triggers import install_on

EVERY_POWER = ["file", "revoke", "rights", "sign"]


def date_mandates(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    """One statement for all: a party begins with its contract."""
    contracts = apps.get_model("records", "Contract").objects.filter(pk=models.OuterRef("contract_id"))
    apps.get_model("records", "ContractParty").objects.update(
        valid_from=models.Subquery(contracts.values("valid_from")[:1]), powers=EVERY_POWER
    )


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0007_partitions_deltas_segments"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContractAct",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("event", models.CharField(max_length=16)),
                ("state", models.CharField(max_length=8)),
                ("officers", models.PositiveSmallIntegerField()),
                ("reason", models.TextField()),
                ("until", models.DateField(null=True)),
                ("stops", models.JSONField(default=dict)),
                ("plan", models.JSONField(default=dict)),
                ("asked_by", models.CharField(max_length=64)),
                ("asked_card", models.CharField(max_length=10)),
                ("asked_at", models.DateTimeField()),
                ("decided_by", models.CharField(blank=True, max_length=64)),
                ("decided_card", models.CharField(blank=True, max_length=10)),
                ("decided_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ExtractReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("siret", models.CharField(max_length=14)),
                ("legal_form", models.CharField(blank=True, max_length=120)),
                ("postcode", models.CharField(blank=True, max_length=5)),
                ("commune", models.CharField(blank=True, max_length=80)),
                ("read_by", models.CharField(max_length=64)),
                ("read_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Leave",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("form", models.CharField(max_length=8)),
                ("state", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=253)),
                ("whole", models.BooleanField()),
                ("use", models.CharField(max_length=16)),
                ("products", models.JSONField(default=list)),
                ("holder", models.CharField(max_length=200)),
                ("begins", models.DateField()),
                ("ends", models.DateField(null=True)),
                ("signed", models.BooleanField(default=False)),
                ("challenge", models.CharField(blank=True, max_length=500)),
                ("proven_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                ("made_by", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Piece",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("kind", models.CharField(max_length=32)),
                ("medium", models.CharField(max_length=8)),
                ("sha256", models.CharField(db_index=True, max_length=64)),
                ("size", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=120)),
                ("sealed", models.BooleanField(default=False)),
                ("brought_by", models.CharField(blank=True, max_length=64)),
                ("brought_as", models.CharField(max_length=120)),
                ("received_at", models.DateTimeField()),
                ("issued_on", models.DateField(null=True)),
                ("valid_until", models.DateField(null=True)),
                ("erase_after", models.DateField(null=True)),
                ("erased_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="VisaAttestation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("signed_on", models.DateField()),
                ("stamped", models.BooleanField()),
                ("officer", models.CharField(max_length=64)),
                ("card_number", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="contractparty",
            name="contract_party_once",
        ),
        migrations.RemoveConstraint(
            model_name="habilitationversion",
            name="habilitation_letter",
        ),
        migrations.AddField(
            model_name="contract",
            name="changed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="contract",
            name="invoiceable",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="contract",
            name="reason",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="contractparty",
            name="powers",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="contractparty",
            name="valid_from",
            field=models.DateField(default=datetime.date(2000, 1, 1)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="contractparty",
            name="valid_until",
            field=models.DateField(null=True),
        ),
        migrations.AddConstraint(
            model_name="contractparty",
            constraint=models.UniqueConstraint(
                condition=models.Q(("valid_until__isnull", True)),
                fields=("contract", "quality", "card_number"),
                name="contract_party_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractparty",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_until__isnull", True),
                    ("valid_until__gte", models.F("valid_from")),
                    _connector="OR",
                ),
                name="contract_party_dates",
            ),
        ),
        migrations.AddField(
            model_name="contractact",
            name="contract",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="acts", to="records.contract"
            ),
        ),
        migrations.AddField(
            model_name="leave",
            name="structure",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="leaves", to="records.structure"
            ),
        ),
        migrations.AddField(
            model_name="habilitationversion",
            name="leave",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="grants",
                to="records.leave",
            ),
        ),
        migrations.AddConstraint(
            model_name="habilitationversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "holder_letter__in",
                        [
                            "on-leave",
                            "not-needed",
                            "missing",
                            "received-unsigned",
                            "received-no-id-copy",
                            "received-unverified",
                            "verified",
                            "verified-other-use",
                            "verified-other-domain",
                            "verified-then-withdrawn",
                            "verified-then-ended",
                        ],
                    )
                ),
                name="habilitation_letter",
            ),
        ),
        migrations.AddField(
            model_name="piece",
            name="contract",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pieces",
                to="records.contract",
            ),
        ),
        migrations.AddField(
            model_name="piece",
            name="order",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pieces",
                to="records.order",
            ),
        ),
        migrations.AddField(
            model_name="piece",
            name="structure",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pieces",
                to="records.structure",
            ),
        ),
        migrations.AddField(
            model_name="leave",
            name="identity",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="identifies",
                to="records.piece",
            ),
        ),
        migrations.AddField(
            model_name="leave",
            name="letter",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lends",
                to="records.piece",
            ),
        ),
        migrations.AddField(
            model_name="extractreading",
            name="piece",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="readings", to="records.piece"
            ),
        ),
        migrations.AddField(
            model_name="visaattestation",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="attestations", to="records.order"
            ),
        ),
        migrations.AddField(
            model_name="visaattestation",
            name="piece",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="attestations", to="records.piece"
            ),
        ),
        migrations.AddConstraint(
            model_name="contractact",
            constraint=models.CheckConstraint(
                condition=models.Q(("event__in", ["suspend", "resume", "renew", "terminate"])),
                name="contract_act_event",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractact",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["asked", "done", "dropped"])), name="contract_act_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="contractact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    models.Q(
                        models.Q(("decided_by", ""), _negated=True),
                        models.Q(("decided_card", ""), _negated=True),
                        models.Q(("asked_card", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="contract_act_decided",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    ("officers", 1),
                    models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="contract_act_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "asked")), fields=("contract",), name="contract_act_one_waits"
            ),
        ),
        migrations.AddIndex(
            model_name="piece",
            index=models.Index(
                condition=models.Q(("erase_after__isnull", False), ("erased_at__isnull", True)),
                fields=["erase_after"],
                name="piece_to_erase",
            ),
        ),
        migrations.AddConstraint(
            model_name="piece",
            constraint=models.CheckConstraint(
                condition=models.Q(("medium__in", ["pdf", "jpeg", "png", "tiff", "json"])),
                name="piece_medium",
            ),
        ),
        migrations.AddConstraint(
            model_name="piece",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("structure__isnull", False),
                    ("contract__isnull", False),
                    ("order__isnull", False),
                    _connector="OR",
                ),
                name="piece_of_a_file",
            ),
        ),
        migrations.AddIndex(
            model_name="leave",
            index=models.Index(fields=["structure", "name"], name="leave_of_name"),
        ),
        migrations.AddConstraint(
            model_name="leave",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["received", "standing", "lapsed", "refused", "withdrawn"])),
                name="leave_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="leave",
            constraint=models.CheckConstraint(
                condition=models.Q(("form__in", ["paper", "dns"])), name="leave_form"
            ),
        ),
        migrations.AddConstraint(
            model_name="leave",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("form", "paper"), ("state", "standing"), _negated=True),
                    models.Q(("identity__isnull", False), ("letter__isnull", False), ("signed", True)),
                    _connector="OR",
                ),
                name="leave_on_paper_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="leave",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("form", "dns"), ("state", "standing"), _negated=True),
                    models.Q(("proven_at__isnull", False), models.Q(("challenge", ""), _negated=True)),
                    _connector="OR",
                ),
                name="leave_in_dns_was_seen",
            ),
        ),
        migrations.AddConstraint(
            model_name="leave",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends__isnull", True), ("ends__gte", models.F("begins")), _connector="OR"
                ),
                name="leave_dates",
            ),
        ),
        migrations.AddConstraint(
            model_name="extractreading",
            constraint=models.CheckConstraint(
                condition=models.Q(("read_by", ""), _negated=True), name="extract_reader"
            ),
        ),
        migrations.AddConstraint(
            model_name="visaattestation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("officer", ""), _negated=True), models.Q(("card_number", ""), _negated=True)
                ),
                name="attestation_by_an_officer",
            ),
        ),
        migrations.RunPython(date_mandates, migrations.RunPython.noop),
        migrations.RunPython(
            install_on(
                "records_contract",
                "records_contractparty",
                "records_contractact",
                "records_habilitationversion",
                "records_piece",
                "records_extractreading",
                "records_visaattestation",
                "records_leave",
            ),
            migrations.RunPython.noop,
        ),
    ]
