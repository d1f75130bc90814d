"""Orders being written: kept as they are typed, emptied when they are over."""

import django.db.models.deletion
from django.db import migrations, models

from sceau.records.triggers import install_on


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0017_third_parties"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("state", models.CharField(max_length=16)),
                ("owner", models.CharField(db_index=True, max_length=64)),
                ("origin", models.CharField(max_length=8)),
                ("raw", models.TextField()),
                ("visited", models.JSONField(default=list)),
                ("step", models.CharField(blank=True, max_length=20)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("helper_id", models.CharField(blank=True, db_index=True, max_length=64)),
                ("helper_card", models.CharField(blank=True, db_index=True, max_length=10)),
                ("helpers", models.JSONField(default=list)),
                ("entrusted_at", models.DateTimeField(null=True)),
                ("given_back_at", models.DateTimeField(null=True)),
                ("told", models.TextField(blank=True)),
                ("answered", models.TextField(blank=True)),
                ("from_version", models.PositiveIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
                ("by_time", models.BooleanField(default=False)),
                (
                    "became",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drafts",
                        to="records.order",
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="records.order",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["owner", "state", "id"], name="draft_owner")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["writing", "entrusted", "sent", "dropped"])),
                        name="draft_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("origin__in", ["blank", "needs", "pdf", "order"])),
                        name="draft_origin",
                    ),
                ],
            },
        ),
        migrations.RunPython(install_on("records_orderdraft"), migrations.RunPython.noop),
    ]
