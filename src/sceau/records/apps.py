"""The records as a Django application: tables, and nothing that runs at start."""

from __future__ import annotations

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """Label ``records``, so that tables are ``records_*``."""

    name = "sceau.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Registres"
