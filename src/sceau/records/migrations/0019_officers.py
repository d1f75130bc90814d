"""Roles by two people, passkeys, and forms that wait for a proof; with what the database itself refuses."""

import django.db.models.deletion
from django.db import migrations, models

from sceau.records.triggers import install_on


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0018_drafts"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptForm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=43, unique=True)),
                ("session", models.CharField(db_index=True, max_length=64)),
                ("person_id", models.CharField(db_index=True, max_length=64)),
                ("path", models.CharField(max_length=500)),
                ("sealed", models.BinaryField()),
                ("until", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="SpentChallenge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="PasskeyInvitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("recovers", models.BooleanField()),
                ("reason", models.TextField()),
                ("state", models.CharField(max_length=8)),
                ("asked_by", models.CharField(max_length=64)),
                ("asked_with", models.CharField(max_length=10)),
                ("asked_at", models.DateTimeField(db_index=True)),
                ("code_hash", models.CharField(max_length=200)),
                ("decided_by", models.CharField(blank=True, max_length=64)),
                ("decided_with", models.CharField(blank=True, max_length=10)),
                ("decided_at", models.DateTimeField(null=True)),
                ("link_sha256", models.CharField(blank=True, max_length=64)),
                ("valid_until", models.DateTimeField(null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="passkey_invitations",
                        to="records.person",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=10, unique=True)),
                ("credential", models.BinaryField()),
                ("credential_sha256", models.CharField(max_length=64, unique=True)),
                ("public_key", models.BinaryField()),
                ("user_handle", models.BinaryField()),
                ("sign_count", models.BigIntegerField()),
                ("name", models.CharField(max_length=60)),
                ("backed_up", models.BooleanField()),
                ("made_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=64)),
                ("ended_why", models.TextField(blank=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="passkeys",
                        to="records.person",
                    ),
                ),
                (
                    "invitation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="passkey",
                        to="records.passkeyinvitation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RoleProposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, unique=True)),
                ("quality", models.CharField(max_length=16)),
                ("event", models.CharField(max_length=8)),
                ("reason", models.TextField()),
                ("state", models.CharField(max_length=8)),
                ("asked_by", models.CharField(max_length=64)),
                ("asked_with", models.CharField(max_length=10)),
                ("asked_at", models.DateTimeField(db_index=True)),
                ("decided_by", models.CharField(blank=True, max_length=64)),
                ("decided_with", models.CharField(blank=True, max_length=10)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="role_proposals",
                        to="records.person",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="passkeyinvitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["asked", "open", "used", "dropped"])),
                name="invitation_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="passkeyinvitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["asked", "dropped"]),
                    models.Q(
                        models.Q(("decided_by", ""), _negated=True),
                        models.Q(("decided_with", ""), _negated=True),
                        models.Q(("decided_by", models.F("asked_by")), _negated=True),
                        models.Q(("link_sha256", ""), _negated=True),
                        ("valid_until__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="invitation_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="passkeyinvitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["asked", "open"])),
                fields=("person",),
                name="invitation_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="passkeyinvitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("link_sha256", ""), _negated=True),
                fields=("link_sha256",),
                name="invitation_link",
            ),
        ),
        migrations.AddConstraint(
            model_name="roleproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("quality__in", ["desk", "auditor", "authority"])),
                name="role_proposal_quality",
            ),
        ),
        migrations.AddConstraint(
            model_name="roleproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("event__in", ["give", "take"])), name="role_proposal_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="roleproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["asked", "done", "dropped"])), name="role_proposal_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="roleproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    models.Q(
                        models.Q(("decided_by", ""), _negated=True),
                        models.Q(("decided_with", ""), _negated=True),
                        models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="role_proposal_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="roleproposal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "asked")),
                fields=("person", "quality"),
                name="role_proposal_once",
            ),
        ),
        migrations.RunPython(
            install_on(
                *("records_role", "records_roleproposal", "records_passkeyinvitation", "records_passkey"),
                *("records_approval", "records_revocationrunapproval", "records_visaattestation"),
            ),
            migrations.RunPython.noop,
        ),
    ]
