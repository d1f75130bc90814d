"""One order for one PDF; nobody decides on an order of their own structure; and the words of the people and
domains of orders that came in before there were words.

The words are read from every version of every order, as the desk's search finds them since: what an order
said once is found, too. Written a slice at a time, each word once: begun again, it adds what lacks.
"""

import json
from collections.abc import Iterator
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from sceau.records import search_words as words
from sceau.records.triggers import install_on

_SLICE = 1000


def adopt(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  # the signature of a migration's function
    """Receipts of the forms on file, words of the orders there are."""
    kept = apps.get_model("records", "FormReceipt").objects
    pieces = apps.get_model("records", "Piece").objects.filter(kind="form-pdf", order__isnull=False)
    rows = (
        kept.model(sha256=one.sha256, order_id=one.order_id, by=one.brought_by, at=one.received_at)
        for one in pieces.order_by("id").iterator(_SLICE)
    )
    kept.bulk_create(rows, batch_size=_SLICE, ignore_conflicts=True)  # the first of each file
    found = apps.get_model("records", "SearchWord").objects
    some: dict[tuple[int, bytes], Any] = {}
    for order, word in _words(apps):
        some[order, word] = found.model(word=word, kind="order", target=order)
        if len(some) >= _SLICE:
            found.bulk_create(some.values(), ignore_conflicts=True)
            some.clear()
    found.bulk_create(some.values(), ignore_conflicts=True)


def _words(apps: Any) -> Iterator[tuple[int, bytes]]:
    for version in apps.get_model("records", "OrderVersion").objects.order_by("id").iterator(_SLICE):
        try:
            raw = json.loads(version.raw)
        except ValueError:
            continue
        for word in words.real(_words_of(raw if isinstance(raw, dict) else {})):
            yield version.order_id, word


def _words_of(raw: dict[str, Any]) -> Iterator[bytes]:
    structure = raw.get("structure")
    for key in ("siret", "finess"):
        yield words.word_of(_text(structure, key))
    people = raw.get("administrators")
    for person in (raw.get("signatory"), *(people if isinstance(people, list) else ())):
        yield from words.words_of_person(_text(person, "surname"), _text(person, "given_names"))
        yield words.word_of(_text(person, "card_number"))
    lines = raw.get("offers")
    for line in lines if isinstance(lines, list) else ():
        yield from words.words_of_domain(_text(line, "declared"))


def _text(there: object, key: str) -> str:
    found = there.get(key) if isinstance(there, dict) else None
    return "".join(found.split()) if isinstance(found, str) else ""


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0015_kept_requests"),
    ]

    operations = [
        migrations.CreateModel(
            name="FormReceipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("by", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="records.order",
                    ),
                ),
            ],
        ),
        migrations.RunPython(adopt, migrations.RunPython.noop),
        migrations.RunPython(
            install_on(
                "records_formreceipt",
                "records_approval",
                "records_visaattestation",
                "records_deskcase",
                "records_amendment",
            ),
            migrations.RunPython.noop,
        ),
    ]
