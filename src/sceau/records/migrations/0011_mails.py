"""Notices, mails and their fate, addresses, calendar feeds; and the index that finds what is about to end."""

import django.db.models.deletion
from django.db import migrations, models

from sceau.records.triggers import install_on


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0010_registers"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("secret_sha256", models.CharField(max_length=64, unique=True)),
                ("made_by", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="DeadAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.CharField(max_length=254, unique=True)),
                ("since", models.DateTimeField()),
                ("why", models.CharField(max_length=300)),
                ("told_by", models.CharField(max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name="Mail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64, unique=True)),
                ("template", models.CharField(max_length=40)),
                ("role", models.CharField(max_length=16)),
                ("about", models.CharField(max_length=64)),
                ("address", models.CharField(max_length=254)),
                ("step", models.PositiveSmallIntegerField(default=0)),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("html", models.TextField()),
                ("message_id", models.CharField(max_length=120, unique=True)),
                ("state", models.CharField(max_length=10)),
                ("made_at", models.DateTimeField()),
                ("next_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("sent_at", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField()),
                ("reply", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="MailContact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("role", models.CharField(max_length=16)),
                ("address", models.CharField(max_length=254)),
                ("rank", models.PositiveSmallIntegerField()),
                ("added_by", models.CharField(max_length=64)),
                ("added_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=64)),
                ("subject", models.CharField(max_length=64)),
                ("told", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("made_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name="certificate",
            index=models.Index(
                condition=models.Q(("state__in", ["issued", "collected"])),
                fields=["not_after", "id"],
                name="certificate_ends",
            ),
        ),
        migrations.AddField(
            model_name="calendarfeed",
            name="structure",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="calendar_feeds",
                to="records.structure",
            ),
        ),
        migrations.AddField(
            model_name="mail",
            name="again_of",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="again",
                to="records.mail",
            ),
        ),
        migrations.AddField(
            model_name="mail",
            name="before",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="next", to="records.mail"
            ),
        ),
        migrations.AddField(
            model_name="mailcontact",
            name="structure",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="mail_contacts",
                to="records.structure",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("made_at__isnull", True)), fields=["id"], name="notice_to_make"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["subject", "id"], name="notice_subject"),
        ),
        migrations.AddConstraint(
            model_name="calendarfeed",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True)),
                fields=("structure",),
                name="calendar_feed_one",
            ),
        ),
        migrations.AddIndex(
            model_name="mail",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["next_at", "id"], name="mail_to_send"
            ),
        ),
        migrations.AddIndex(
            model_name="mail",
            index=models.Index(
                condition=models.Q(("state", "sending")), fields=["changed_at"], name="mail_on_its_way"
            ),
        ),
        migrations.AddIndex(
            model_name="mail",
            index=models.Index(fields=["about", "id"], name="mail_about"),
        ),
        migrations.AddIndex(
            model_name="mail",
            index=models.Index(fields=["address", "id"], name="mail_address"),
        ),
        migrations.AddConstraint(
            model_name="mail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["waiting", "sending", "sent", "presumed", "refused", "bounced", "given-up"],
                    )
                ),
                name="mail_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="mailcontact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("structure", "role", "address"),
                name="mail_contact_once",
            ),
        ),
        migrations.RunPython(
            install_on("records_notice", "records_mail", "records_calendarfeed"), migrations.RunPython.noop
        ),
    ]
