"""Administrators who leave, certificates handed over, orders that amend others."""

import django.db.models.deletion
from django.db import migrations, models

from sceau.records.triggers import install_on


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0012_desk"),
    ]

    operations = [
        migrations.CreateModel(
            name="Departure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("state", models.CharField(max_length=8)),
                ("reason", models.TextField()),
                ("opened_by", models.CharField(max_length=64)),
                ("opened_card", models.CharField(max_length=10)),
                ("opened_at", models.DateTimeField()),
                ("ended_by", models.CharField(blank=True, max_length=64)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="departures",
                        to="records.person",
                    ),
                ),
                (
                    "structure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="departures",
                        to="records.structure",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Custody",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                (
                    "certificate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="custody",
                        to="records.certificate",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="custodies",
                        to="records.person",
                    ),
                ),
                (
                    "departure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.departure"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DepartureLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=12)),
                ("decided_by", models.CharField(blank=True, max_length=64)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "certificate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="departure_lines",
                        to="records.certificate",
                    ),
                ),
                (
                    "departure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="records.departure",
                    ),
                ),
                (
                    "successor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.person",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Amendment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("version", models.PositiveIntegerField(default=0)),
                ("seen", models.CharField(blank=True, max_length=64)),
                ("plan", models.JSONField(default=dict)),
                ("planned_by", models.CharField(blank=True, max_length=64)),
                ("planned_card", models.CharField(blank=True, max_length=10)),
                ("planned_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("done", models.JSONField(default=dict)),
                (
                    "amends",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="amendments",
                        to="records.order",
                    ),
                ),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="amendment",
                        to="records.order",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("planned_at__isnull", True),
                                ("planned_by", ""),
                                ("planned_card", ""),
                                ("seen", ""),
                                ("version", 0),
                            ),
                            models.Q(
                                ("planned_at__isnull", False),
                                ("version__gt", 0),
                                models.Q(("seen", ""), _negated=True),
                                models.Q(("planned_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="amendment_planned_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("done_at__isnull", True), ("version__gt", 0), _connector="OR"),
                        name="amendment_done_as_planned",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("done_at__isnull", False)),
                        fields=("amends",),
                        name="amendment_done_once",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="departure",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "done", "dropped"])), name="departure_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="departure",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("structure", "person"),
                name="departure_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="departure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by", ""), ("state", "open")),
                    models.Q(
                        models.Q(("state", "open"), _negated=True),
                        ("ended_at__isnull", False),
                        models.Q(("ended_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="departure_ended_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="departure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("opened_by", ""), _negated=True), models.Q(("opened_card", ""), _negated=True)
                ),
                name="departure_opened_with_a_card",
            ),
        ),
        migrations.AddConstraint(
            model_name="departureline",
            constraint=models.UniqueConstraint(
                fields=("departure", "certificate"), name="departure_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="departureline",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer__in", ["", "keep", "hand-over", "revoke", "ended"])),
                name="departure_line_answer",
            ),
        ),
        migrations.AddConstraint(
            model_name="departureline",
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
                name="departure_line_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="departureline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "hand-over"), ("successor__isnull", False)),
                    models.Q(models.Q(("answer", "hand-over"), _negated=True), ("successor__isnull", True)),
                    _connector="OR",
                ),
                name="departure_line_successor",
            ),
        ),
        migrations.RunPython(
            install_on("records_departure", "records_departureline", "records_custody", "records_amendment"),
            migrations.RunPython.noop,
        ),
    ]
