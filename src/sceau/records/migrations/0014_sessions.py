"""Who is connected: a line for each session, so that its owner can see and end it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0013_life"),
    ]

    operations = [
        migrations.CreateModel(
            name="OpenSession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("session_key", models.CharField(max_length=40, unique=True)),
                ("person_id", models.CharField(db_index=True, max_length=64)),
                ("means", models.CharField(max_length=8)),
                ("card_number", models.CharField(blank=True, max_length=10)),
                ("opened_at", models.DateTimeField(db_index=True)),
                ("place", models.CharField(max_length=60)),
                ("device", models.CharField(max_length=160)),
            ],
        ),
    ]
