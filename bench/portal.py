"""The portal's pages with a million certificates: how long each takes to come, and what it weighs.

A development instance made by the product, filled as `fleet` does: a structure of twenty thousand
certificates, an administrator of five thousand, most with few. The product's own portal process answers over
TLS; people come in by the drawer and follow every link, so that no page is forgotten.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bench import portal_story
from bench.children import Ask, child
from bench.database import forget
from bench.declared_names import asked_name
from bench.instance import make_instance
from bench.plan import Plan
from bench.portal_client import Measured, Reader
from bench.rows import Bound, Row
from sceau.custody import SignerFolder

_EVERY = 200
_PEOPLE = ("benali", "marchand", "lefevre", "leroux", "garnier", "dubois", "renaud", "petit")
_SMALL = 10_000
_QUICK = Bound(100.0, at_least=False)
_LIGHT = Bound(100.0, at_least=False)


def run(plan: Plan) -> list[Row]:
    """In a small database and in the large one: a row for each question asked of a long list, one for the
    slowest page of all, one for the heaviest.
    """
    return [row for count in (_SMALL, plan.scale) for row in _measured(plan, count)]


def _measured(plan: Plan, count: int) -> list[Row]:
    folder = plan.folder / f"portal-{count}"
    forget(folder)
    data = folder / "instance"
    with contextlib.ExitStack() as stack:
        stack.callback(forget, folder)
        instance = make_instance(data)
        socket = SignerFolder(data / "signer").socket
        stack.enter_context(instance.part("signer", is_ready=socket.exists))
        with child("bench.portal", data=data, data_folder=str(data)) as ask:
            known = ask(do="fill", count=count)
        stack.enter_context(instance.part("web", instance.portal))
        start_django_for_names()
        readers = {slug: Reader(instance.portal, data / "tls" / "ca.pem") for slug in _PEOPLE}
        for slug, reader in readers.items():
            reader.come_in(slug)
        asks = stack.enter_context(child("bench.portal_statements", data=data, data_folder=str(data)))
        measure = partial(_measure, readers, asks, 5 if plan.quick else 15)
        asked = [measure(*one) for one in heavy(known, count)]
        every = [measure(*one) for one in _every_page(readers)]
    return [*_question_rows(asked, count), *_worst_rows([*every, *asked], count)]


def _measure(
    readers: dict[str, Reader], ask: Ask, times: int, slug: str, words: str, address: str
) -> tuple[Measured, str]:
    """A page as it came, and what it asked of the database, in words."""
    found = readers[slug].measure(words, address, times=times)
    told = ask(slug=slug, address=address)
    said = f"{slug}, p95 {found.late:.0f} ms, {told['many']} statements"
    return found, f"{said}; the slowest {1000 * told['took']:.1f} ms: {told['plan'][:160]}"


def start_django_for_names() -> None:
    """The table of pages is Django's: start it here too, to tell pages by their names."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sceau.site.settings")
    django.setup()


def heavy(known: dict[str, str], count: int) -> list[tuple[str, str, str]]:
    """Who asks what of long lists, and by which address: the largest structure, right, contract, run."""
    name = asked_name(1_000_000 + count // _EVERY // 2 * _EVERY)
    contract, right = known["contract"], known["right"]
    return [
        ("benali", "fleet: the newest", "/certificats/"),
        ("benali", "fleet: one exact name", f"/certificats/?texte={name}"),
        ("benali", "fleet: part of a name", f"/certificats/?texte={name[:-3]}"),
        ("benali", "fleet: what ends within 90 days", "/certificats/?dans=90"),
        ("benali", "fleet: those revoked", "/certificats/?etat=revoked"),
        ("benali", "fleet: expiries of the year, pictured", "/certificats/echeances/"),
        ("benali", "fleet: renew many", "/certificats/renouveler/"),
        ("marchand", "structure's fleet: the newest", "/certificats/"),
        ("marchand", "structure's fleet: part of a name", f"/certificats/?texte={name[:-3]}"),
        ("marchand", "structure's fleet: what ends within 90 days", "/certificats/?dans=90"),
        ("marchand", "structure's fleet: expiries, pictured", "/certificats/echeances/"),
        ("marchand", "own contract", f"/mon-contrat/{contract}/"),
        ("marchand", "departure of who has 1,500", f"/departs/{known['departure']}/"),
        ("benali", "right: its file", f"/habilitations/{right}/"),
        ("leroux", "right: what suspending stops", f"/habilitations/{right}/acte/suspend/"),
        ("benali", "right: what withdrawing stops", f"/habilitations/{right}/acte/withdraw/"),
        ("benali", "request under it", f"/demander/{right}/"),
        ("benali", "one certificate", f"/certificats/{known['certificate']}/"),
        ("leroux", "desk: search a server's name", f"/guichet/recherche/?texte={name}"),
        ("leroux", "desk: search the beginning of a name", "/guichet/recherche/?texte=etablissement"),
        ("leroux", "desk: certificates by a name", f"/revocations/certificats/?texte={name}"),
        ("leroux", "desk: certificates by a part", f"/revocations/certificats/?texte={name[:-3]}"),
        ("leroux", "desk: certificates by a structure", "/revocations/certificats/?texte=vallees"),
        ("leroux", "desk: right", f"/guichet/habilitations/{right}/"),
        ("leroux", "desk: contract", f"/guichet/contrats/{contract}/"),
        ("leroux", "desk: contracts by a name", "/guichet/contrats/?texte=exemple"),
        ("leroux", "desk: contracts by a rare name", "/guichet/contrats/?texte=vallees"),
        ("leroux", "desk: suspend contract", f"/guichet/contrats/{contract}/acte/suspend/"),
        ("leroux", "desk: end contract", f"/guichet/contrats/{contract}/acte/terminate/"),
        ("leroux", "run: by contract", f"/revocations/{known['run-contract']}/"),
        ("leroux", "run: by administrator", f"/revocations/{known['run-administrator']}/"),
        ("dubois", "run: by issuer", f"/revocations/{known['run-issuer']}/"),
        ("leroux", "desk: order", f"/guichet/{known['order']}/"),
        ("garnier", "auditor: third party", f"/guichet/tiers/{known['party']}/"),
        ("marchand", "designation", f"/delegations/{known['designation']}/"),
        ("marchand", "designation: its end", f"/delegations/{known['designation']}/fin/"),
    ]


def _every_page(readers: dict[str, Reader]) -> Iterator[tuple[str, str, str]]:
    """Every page that each person is led to, whoever saw it before: it is not the same for all."""
    for slug, reader in readers.items():
        for name, address in reader.walk(set()).items():
            yield slug, name, address


def _question_rows(asked: list[tuple[Measured, str]], count: int) -> list[Row]:
    return [
        Row(
            f"portal: {one.name}, {count:,} certificates",
            one.milliseconds,
            "ms",
            None,
            _QUICK,
            "100 ms",
            f"over TLS by the product's portal process, SQLite, median, elapsed; {told}",
        )
        for one, told in asked
    ]


def _worst_rows(every: list[tuple[Measured, str]], count: int) -> list[Row]:
    slow = sorted((one for one, _ in every), key=lambda one: one.milliseconds, reverse=True)
    heavy_ones = sorted(slow, key=lambda one: one.octets, reverse=True)
    slowest = ", ".join(f"{one.name} {one.milliseconds:.0f} ms" for one in slow[:8])
    heaviest = ", ".join(f"{one.name} {one.octets / 1000:.0f} kB" for one in heavy_ones[:6])
    over = sum(not _QUICK.holds(one.milliseconds) for one in slow)
    return [
        Row(
            f"portal: the slowest of {len(every)} pages, {count:,} certificates",
            slow[0].milliseconds,
            "ms",
            None,
            _QUICK,
            "100 ms",
            f"medians, each person's pages; {over} above; the slowest: {slowest}",
        ),
        Row(
            f"portal: the heaviest of {len(every)} pages, {count:,} certificates",
            heavy_ones[0].octets / 1000,
            "kB",
            None,
            _LIGHT,
            "100 kB",
            f"page and our own files, gzipped, styles apart; the heaviest: {heaviest}",
        ),
    ]


def worker(data_folder: str) -> Callable[..., dict[str, Any]]:
    """The child: fills the database by the product's verbs and by hand."""
    data = Path(data_folder)

    def answer(do: str, count: int = 0) -> dict[str, Any]:
        from sceau.site import start

        if do != "fill":
            raise LookupError(do)
        start(data)
        return portal_story.filled(data, count)

    return answer
