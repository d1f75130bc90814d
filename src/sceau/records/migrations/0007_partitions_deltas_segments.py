"""Partitions of a list, deltas, and the kept segments that lists are made from.

A certificate made before belongs to no partition. Lists made before have the digest of their bytes written
down. New columns are null, so that no large table is written anew.
"""

import hashlib
from typing import Any

from django.db import migrations, models

from sceau.records.triggers import install_on


def write_digests(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    """One list at a time: they may be large."""
    issues = apps.get_model("records", "CrlIssue").objects
    for number in list(issues.exclude(der=None).values_list("pk", flat=True)):
        der = bytes(issues.values_list("der", flat=True).get(pk=number))
        issues.filter(pk=number).update(sha256=hashlib.sha256(der).hexdigest())


class Migration(migrations.Migration):
    dependencies = [("records", "0006_revocation_runs")]

    operations = [
        migrations.AddField(
            model_name="certificate",
            name="partition",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="revocation",
            name="partition",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="crlissue",
            name="partition",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="crlissue",
            name="base",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="crlissue",
            name="sha256",
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.RunPython(write_digests, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="revocation", name="revocation_list"),
        migrations.AddIndex(
            model_name="revocation",
            index=models.Index(
                fields=["issuer", "generation", "partition", "id", "not_after", "entry"],
                name="revocation_entries",
            ),
        ),
        migrations.CreateModel(
            name="CrlSegment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("issuer", models.CharField(max_length=16)),
                ("generation", models.PositiveIntegerField()),
                ("partition", models.PositiveSmallIntegerField()),
                ("place", models.PositiveIntegerField()),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("check_tag", models.BinaryField()),
                ("leaves_at", models.DateTimeField(null=True)),
                ("left_before", models.DateTimeField(null=True)),
                ("entries", models.BinaryField()),  # last: what is asked of the others does not pass it
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("issuer", "generation", "partition", "place"), name="crl_segment_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last__gte", models.F("first"))), name="crl_segment_rising"
                    ),
                ],
            },
        ),
        migrations.RunPython(
            install_on("records_certificate", "records_revocation", "records_crlissue", "records_crlsegment"),
            migrations.RunPython.noop,
        ),
    ]
