"""One way of putting section 4 in somebody's hands: what drafts and technical parts held of it, moved into one
table; a draft may modify what an accepted order gave.
"""

import json
from datetime import timedelta
from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from sceau.records.triggers import install_on, remove_from

_OLD_TRIGGERS = (
    ("approval_not_of_writer", "records_approval"),
    ("technicalpart_no_delete", "records_technicalpart"),
    ("technicalpart_fixed", "records_technicalpart"),
    ("technicalpart_over_once", "records_technicalpart"),
    ("technicaltext_no_update", "records_technicaltext"),
    ("technicaltext_no_delete", "records_technicaltext"),
)
_KEPT = timedelta(days=60)
_STATES = {"entrusted": "entrusted", "given-back": "writing", "taken-back": "dropped", "signed": "sent"}


def drop_old_triggers(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    on_sqlite = schema_editor.connection.vendor == "sqlite"
    for name, table in _OLD_TRIGGERS:
        where = "" if on_sqlite else f" ON {table}"
        schema_editor.execute(f"DROP TRIGGER IF EXISTS sceau_{name}{where}")
        if not on_sqlite:
            schema_editor.execute(f"DROP FUNCTION IF EXISTS sceau_{name}()")


def move_named(apps: Any, _schema_editor: Any) -> None:
    """Whom a draft named: now, or before."""
    entrusting = apps.get_model("records", "Entrusting")
    for draft in apps.get_model("records", "OrderDraft").objects.exclude(entrusted_at=None):
        named = [*draft.helpers]
        for number, (person, card) in enumerate(named, start=1):
            is_last = number == len(named)
            is_open = is_last and draft.state == "entrusted"
            ended = draft.given_back_at or draft.ended_at or draft.changed_at
            entrusting.objects.create(
                draft=draft,
                number=number,
                person_id=person,
                card_number=card,
                word=draft.told if is_last else "",
                answer=draft.answered if is_last else "",
                at=draft.entrusted_at,
                ended_at=None if is_open else ended,
                returned="" if is_open else "given-back" if draft.given_back_at and is_last else "taken-back",
            )


def move_parts(apps: Any, _schema_editor: Any) -> None:
    """Each technical part becomes the draft that it was, with who wrote it part of its order."""
    texts = apps.get_model("records", "TechnicalText").objects
    for part in apps.get_model("records", "TechnicalPart").objects.select_related("order").order_by("id"):
        written = list(texts.filter(part=part).order_by("number"))
        writers = sorted({one.made_by for one in written if one.made_as == "third-party"})
        draft = _draft_of(apps, part, written)
        is_open = draft.state == "entrusted"
        apps.get_model("records", "Entrusting").objects.create(
            draft=draft,
            number=1,
            designation=part.designation,
            word=part.message,
            writers=writers,
            at=part.opened_at,
            ended_at=None if is_open else part.changed_at,
            returned="" if is_open else "taken-back" if part.state == "taken-back" else "given-back",
            digest="" if is_open else written[-1].digest,
        )
        for writer in writers if part.order else ():
            apps.get_model("records", "OrderParty").objects.get_or_create(
                order=part.order,
                version=part.order.current_version,
                role="technical",
                card_number="",
                person_id=writer,
            )


def _draft_of(apps: Any, part: Any, written: list[Any]) -> Any:
    state = _STATES[part.state]
    is_over = state in {"sent", "dropped"}
    mends = part.order if part.order and not is_over else None
    raw = {**part.raw, **json.loads(written[-1].text)}
    text = json.dumps(raw, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return apps.get_model("records", "OrderDraft").objects.create(
        reference=f"BRO{part.reference[3:]}",
        state=state,
        owner=part.opened_by,
        origin="order" if mends else "blank",
        raw="" if is_over else text,
        created_at=part.opened_at,
        changed_at=part.changed_at,
        expires_at=part.changed_at + _KEPT,
        corrects=mends,
        from_version=mends.current_version if mends else 0,
        became=part.order if state == "sent" else None,
        ended_at=part.changed_at if is_over else None,
    )


def settle(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # as above
    """PostgreSQL alters no table whose foreign keys are still to be checked."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


_FORGOTTEN = (*("helper_id", "helper_card", "helpers", "entrusted_at", "given_back_at", "told", "answered"),)


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0022_delivered_at_once"),
    ]

    operations = [
        migrations.RunPython(drop_old_triggers, migrations.RunPython.noop),
        migrations.RunPython(remove_from("records_orderdraft"), migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="orderdraft", name="draft_origin"),
        migrations.AddConstraint(
            model_name="orderdraft",
            constraint=models.CheckConstraint(
                condition=Q(("origin__in", ["blank", "needs", "pdf", "order", "amends"])), name="draft_origin"
            ),
        ),
        migrations.AddField(
            model_name="orderdraft",
            name="amends",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="records.order",
            ),
        ),
        migrations.CreateModel(
            name="Entrusting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("person_id", models.CharField(blank=True, db_index=True, max_length=64)),
                ("card_number", models.CharField(blank=True, db_index=True, max_length=10)),
                ("email", models.CharField(blank=True, max_length=254)),
                ("word", models.TextField(blank=True)),
                ("answer", models.TextField(blank=True)),
                ("writers", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=64)),
                ("returned", models.CharField(blank=True, max_length=10)),
                ("digest", models.CharField(blank=True, max_length=64)),
                (
                    "designation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entrustings",
                        to="records.designation",
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entrustings",
                        to="records.orderdraft",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("draft", "number"), name="entrusting_once"),
                    models.UniqueConstraint(
                        condition=Q(("ended_at__isnull", True)), fields=("draft",), name="entrusting_one_open"
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            Q(("ended_at__isnull", True), ("returned", "")),
                            Q(
                                (
                                    "returned__in",
                                    ["given-back", "taken-back", "ended", "expired", "deleted"],
                                ),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="entrusting_ended_whole",
                    ),
                ],
            },
        ),
        migrations.RunPython(move_named, migrations.RunPython.noop),
        migrations.RunPython(move_parts, migrations.RunPython.noop),
        migrations.RunPython(settle, migrations.RunPython.noop),
        *(migrations.RemoveField(model_name="orderdraft", name=name) for name in _FORGOTTEN),
        migrations.DeleteModel(name="TechnicalText"),
        migrations.DeleteModel(name="TechnicalPart"),
        migrations.RunPython(
            install_on("records_orderdraft", "records_entrusting"), migrations.RunPython.noop
        ),
    ]
