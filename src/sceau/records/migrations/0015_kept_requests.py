"""The certification request behind each certificate is kept, for whoever reads its evidence later."""

import django.db.models.deletion
from django.db import migrations, models

from sceau.records.triggers import install_on


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0014_sessions"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptRequest",
            fields=[
                (
                    "certificate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="kept_request",
                        serialize=False,
                        to="records.certificate",
                    ),
                ),
                ("der", models.BinaryField()),
            ],
        ),
        migrations.RunPython(install_on("records_keptrequest"), migrations.RunPython.noop),
    ]
