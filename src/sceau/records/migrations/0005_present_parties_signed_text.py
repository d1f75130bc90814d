"""Who is part of which version of an order, and which of its texts the signatory's card signed.

Orders made before know their parties without the version: those the present text still names, or that no text
names (who brought the order, whom its contract names), are given to it.
"""

import json
from typing import Any

from django.db import migrations, models

from sceau.records.triggers import install_on, remove_from
from sceau.registration import parties_of


def name_present_parties(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    """Only adds: what is there is never changed."""
    order_party = apps.get_model("records", "OrderParty")
    texts = apps.get_model("records", "OrderVersion").objects
    for order in apps.get_model("records", "Order").objects.filter(current_version__gt=1).iterator():
        raw = json.loads(texts.get(order=order, number=order.current_version).raw)
        named = {
            (party.role, party.card_number[:10])
            for party in parties_of(raw, submitter=order.submitted_by, contract=None)
        }
        for party in order_party.objects.filter(order=order, version=1):
            in_text = party.role in {"signatory", "administrator"}
            if not in_text or (party.role, party.card_number) in named:
                party.pk, party.version = None, order.current_version
                party.save(force_insert=True)


class Migration(migrations.Migration):
    dependencies = [("records", "0004_approval_with_card")]

    operations = [
        migrations.RunPython(remove_from("records_approval"), migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="orderparty", name="order_party_once"),
        migrations.AddField(
            model_name="orderparty", name="version", field=models.PositiveIntegerField(default=1)
        ),
        migrations.AddConstraint(
            model_name="orderparty",
            constraint=models.UniqueConstraint(
                fields=("order", "version", "role", "card_number", "person_id"), name="order_party_once"
            ),
        ),
        migrations.AddField(
            model_name="orderversion",
            name="signed_card",
            field=models.CharField(blank=True, default="", max_length=10),
            preserve_default=False,
        ),
        migrations.RunPython(
            install_on("records_orderparty", "records_orderversion", "records_approval"),
            migrations.RunPython.noop,
        ),
        migrations.RunPython(name_present_parties, migrations.RunPython.noop),
    ]
