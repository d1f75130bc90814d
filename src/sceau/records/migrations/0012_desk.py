"""The desk's cases with their frozen rules, requests point by point, counts of stays, words to find things by.

Orders that are there get a case by the rule of the two people; what is there gets its words.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from sceau.records import search_words as words
from sceau.records.triggers import install_on

_LANES = {"received": "todo", "under-review": "todo", "incomplete": "waiting"}
_TWO = [
    {
        "code": "two-people",
        "label": "Deux agents différents",
        "officers": 2,
        "with_role": "",
        "offers": [],
        "rights_from": 0,
        "risks": [],
        "clause": "ASSURANCE T45",
    }
]


def adopt(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    """Cases and words for what is there already."""
    content = json.dumps(_TWO, ensure_ascii=False, sort_keys=True)
    orders = apps.get_model("records", "Order").objects.order_by("id")
    if orders.exists():
        rules = apps.get_model("records", "ApprovalRules").objects.create(
            digest=hashlib.sha256(content.encode()).hexdigest(), content=content, since=datetime.now(UTC)
        )
        cases = apps.get_model("records", "DeskCase").objects
        cases.bulk_create((_case(order, rules) for order in orders.iterator(1000)), batch_size=1000)
    kept = apps.get_model("records", "SearchWord").objects
    rows = (kept.model(word=word, kind=kind, target=target) for kind, target, word in _words(apps))
    kept.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


def _case(order: Any, rules: Any) -> Any:
    lane = _LANES.get(order.state, "closed")
    closed = lane == "closed"
    days = timedelta(days=5 if lane == "todo" else 30)
    return rules._meta.apps.get_model("records", "DeskCase")(
        order=order,
        rules=rules,
        rule="two-people",
        needed=2,
        lane=lane,
        assigned_to=order.assigned_to,
        entered_at=order.changed_at,
        wake_at=None if closed else order.changed_at + (days if lane == "waiting" else timedelta(0)),
        due_at=None if closed else order.changed_at + days,
        decided_at=order.changed_at if closed else None,
    )


def _words(apps: Any) -> Iterator[tuple[str, int, bytes]]:
    for one in apps.get_model("records", "Person").objects.iterator(1000):
        for word in words.words_of_person(one.surname, one.given_names) | {words.word_of(one.national_id)}:
            yield "person", one.id, word
    for card in apps.get_model("records", "Card").objects.iterator(1000):
        yield "person", card.person_id, words.word_of(card.number)
    for one in apps.get_model("records", "Structure").objects.iterator(1000):
        numbers = {words.word_of(text) for text in (one.national_id, one.siret, one.finess, *one.rpps_rangs)}
        for word in words.words_of_name(one.name) | words.real(numbers):
            yield "structure", one.id, word
    for one in apps.get_model("records", "Contract").objects.iterator(1000):
        yield "contract", one.id, words.word_of(one.number)
    for one in apps.get_model("records", "Order").objects.iterator(1000):
        numbers = {words.word_of(text) for text in (one.reference, one.contract_number, one.structure_number)}
        for word in words.words_of_name(one.structure_name) | words.real(numbers):
            yield "order", one.id, word


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0011_mails"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("content", models.TextField()),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("word", models.BinaryField(max_length=64)),
                ("kind", models.CharField(max_length=10)),
                ("target", models.PositiveBigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("word", "kind", "target"), name="search_word_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="StayCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lane", models.CharField(max_length=8)),
                ("day", models.DateField()),
                ("size", models.PositiveSmallIntegerField()),
                ("count", models.PositiveIntegerField(default=0)),
                ("late", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("lane", "day", "size"), name="stay_count_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="DeskCase",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=40)),
                ("needed", models.PositiveSmallIntegerField()),
                ("with_role", models.CharField(blank=True, max_length=16)),
                ("lane", models.CharField(max_length=8)),
                ("assigned_to", models.CharField(blank=True, max_length=64)),
                ("entered_at", models.DateTimeField()),
                ("wake_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("held_for", models.CharField(blank=True, max_length=8)),
                ("held_why", models.TextField(blank=True)),
                ("held_by", models.CharField(blank=True, max_length=64)),
                ("decided_by", models.CharField(blank=True, max_length=64)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="case", to="records.order"
                    ),
                ),
                (
                    "rules",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="records.approvalrules",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["wake_at", "id"], name="case_awake"),
                    models.Index(fields=["due_at", "id"], name="case_due"),
                    models.Index(fields=["assigned_to", "wake_at", "id"], name="case_assigned"),
                    models.Index(fields=["lane", "wake_at", "id"], name="case_lane_wake"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("lane__in", ["todo", "waiting", "held", "closed"])),
                        name="case_lane",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("held_for__in", ["", "text", "piece"])), name="case_held_for"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("needed__gte", 2)), name="case_never_one_officer"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("path", models.CharField(blank=True, max_length=80)),
                ("text", models.TextField()),
                ("answer", models.TextField(blank=True)),
                ("answered_by", models.CharField(blank=True, max_length=64)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="records.ordernote",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("note", "position"), name="request_item_once")
                ],
            },
        ),
        migrations.RunPython(
            install_on("records_order", "records_approvalrules", "records_deskcase", "records_requestitem"),
            migrations.RunPython.noop,
        ),
        migrations.RunPython(adopt, migrations.RunPython.noop),
    ]
