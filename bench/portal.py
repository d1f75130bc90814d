"""The portal's pages with a million certificates: how long each takes to come, and what it weighs.

A development instance made by the product, its table of certificates filled by hand: one in twenty is of one
administrator, who so has fifty thousand, one in a hundred ends within the year. The product's own portal
process answers over TLS; people come in by the drawer and follow every link, so that no page is forgotten.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.children import child
from bench.database import connect, fill_certificates, filling, forget, start_django
from bench.declared_names import asked_name
from bench.instance import Instance, make_instance
from bench.plan import Plan
from bench.portal_client import Measured, Reader
from bench.rows import Bound, Row
from bench.sceau_api import PRODUCT, actor_of
from sceau.custody import SignerFolder

_EVERY, _ENDING = 20, 100
_PEOPLE = ("benali", "marchand", "lefevre", "leroux", "garnier")
_QUICK = Bound(100.0, at_least=False)
_LIGHT = Bound(100.0, at_least=False)
_CODE = "Banc-2026-portail"


def run(plan: Plan) -> list[Row]:
    """A row for each question asked of a long list, one for the slowest page of all, one for the heaviest."""
    folder = plan.folder / "portal"
    forget(folder)
    data = folder / "instance"
    times = 5 if plan.quick else 15
    with contextlib.ExitStack() as stack:
        stack.callback(forget, folder)
        instance = _filled(data, plan.scale)
        socket = SignerFolder(data / "signer").socket
        stack.enter_context(instance.part("signer", is_ready=socket.exists))
        with child("bench.portal", data=data, data_folder=str(data)) as ask:
            known = ask(do="right")
        stack.enter_context(instance.part("web", instance.portal))
        start_django_for_names()
        readers = {slug: Reader(instance.portal, data / "tls" / "ca.pem") for slug in _PEOPLE}
        for slug, reader in readers.items():
            reader.come_in(slug)
        asked = list(_questions(readers, plan.scale, known, times))
        every = list(_every_page(readers, times))
    return [*_question_rows(asked, plan.scale), *_worst_rows([*every, *asked], plan.scale)]


def start_django_for_names() -> None:
    """The table of pages is Django's: start it here too, to tell pages by their names."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sceau.site.settings")
    django.setup()


def _filled(data: Path, count: int) -> Instance:
    instance = make_instance(data)
    with child("bench.portal", data=data, data_folder=str(data)) as ask:
        ask(do="fill", count=count)
    return instance


def _questions(
    readers: dict[str, Reader], count: int, known: dict[str, Any], times: int
) -> Iterator[Measured]:
    """What people ask of long lists, each by its own address."""
    mine, name = readers["benali"], asked_name(count // _EVERY // 2 * _EVERY)
    first = mine.get("/certificats/")
    after = first.page.partition("?apres=")[2].partition('"')[0]
    asked = (
        ("benali", "fleet of 50,000: the newest", "/certificats/"),
        ("benali", "fleet of 50,000: the page after it", f"/certificats/?apres={after}"),
        ("benali", "fleet of 50,000: one exact name", f"/certificats/?texte={name}"),
        ("benali", "fleet of 50,000: part of a name", f"/certificats/?texte={name[:-3]}"),
        ("benali", "fleet of 50,000: what ends within 90 days", "/certificats/?dans=90"),
        ("benali", "fleet of 50,000: expiries of the year, pictured", "/certificats/echeances/"),
        ("benali", "one certificate, its chain and its guides", f"/certificats/{known['certificate']}/"),
        ("leroux", "desk: search by a server's name", f"/guichet/recherche/?texte={name}"),
        ("leroux", "desk: certificates by a name", f"/revocations/certificats/?texte={name}"),
    )
    for slug, words, address in asked:
        yield readers[slug].measure(words, address, times=times)


def _every_page(readers: dict[str, Reader], times: int) -> Iterator[Measured]:
    seen: set[str] = set()
    for reader in readers.values():
        for name, address in reader.walk(seen).items():
            seen.add(name)
            yield reader.measure(name, address, times=times)


def _question_rows(asked: list[Measured], count: int) -> list[Row]:
    how = "over TLS by the product's portal process, SQLite, median, elapsed"
    return [
        Row(
            f"portal: {one.name}, {count:,} certificates", one.milliseconds, "ms", None, _QUICK, "100 ms", how
        )
        for one in asked
    ]


def _worst_rows(every: list[Measured], count: int) -> list[Row]:
    slow = sorted(every, key=lambda one: one.milliseconds, reverse=True)
    heavy = sorted(every, key=lambda one: one.octets, reverse=True)
    slowest = ", ".join(f"{one.name} {one.milliseconds:.0f} ms" for one in slow[:6])
    heaviest = ", ".join(f"{one.name} {one.octets / 1000:.0f} kB" for one in heavy[:6])
    return [
        Row(
            f"portal: the slowest of {len(every)} pages, {count:,} certificates",
            slow[0].milliseconds,
            "ms",
            None,
            _QUICK,
            "100 ms",
            f"medians; the slowest: {slowest}",
        ),
        Row(
            f"portal: the heaviest of {len(every)} pages",
            heavy[0].octets / 1000,
            "kB",
            None,
            _LIGHT,
            "100 kB",
            f"page and our own files, gzipped, styles apart; the heaviest: {heaviest}",
        ),
    ]


def worker(data_folder: str) -> Callable[..., dict[str, Any]]:
    """The child: fills the table, or gives a right and a certificate by the product's verbs."""
    data = Path(data_folder)

    def answer(do: str, count: int = 0) -> dict[str, Any]:
        return _fill(data, count) if do == "fill" else _give_right(data)

    return answer


def _fill(data: Path, count: int) -> dict[str, Any]:
    start_django()
    from sceau.site.people import PEOPLE

    fill_certificates(data, count)
    person = next(one.card.national_id for one in PEOPLE if one.slug == "benali")
    connection = connect(data)
    with contextlib.closing(connection), filling(connection):
        connection.execute(
            "UPDATE records_certificate SET state = 'collected', collected_at = changed_at,"
            f" asked_by = CASE WHEN id % {_EVERY} = 0 THEN ? ELSE asked_by END,"
            " structure_id = (SELECT MIN(id) FROM records_structure),"
            f" not_after = CASE WHEN id % {_ENDING} = 0"
            " THEN datetime('2026-11-25', '+' || (id / 100 % 360) || ' days') ELSE not_after END",
            (person,),
        )
        connection.execute("ANALYZE")
    return {}


def _give_right(data: Path) -> dict[str, Any]:
    os.environ.setdefault("SCEAU_DATA", str(data))
    from sceau.site import start

    start(data)
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    from sceau.cli.demo_story import FORM, HOST
    from sceau.operations import (
        CertificateRequest,
        approve_order,
        collect_certificate,
        issue_certificate,
        machine,
        receive_form,
        take_order,
    )
    from sceau.records import habilitations_of

    file = receive_form(actor_of("marchand"), raw=FORM, channel="web", idempotency_key="bench")
    reference, version = file.line.reference, file.line.version
    take_order(actor_of("leroux"), reference=reference)
    for officer in ("leroux", "moreau"):
        approve_order(actor_of(officer), reference=reference, version=version)
    benali = actor_of("benali")
    rights = habilitations_of(benali.person_id, at=machine().clock())
    right = next(line.reference for line in rights if line.product == PRODUCT)
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    wanted = CertificateRequest(PRODUCT, (HOST,), csr=csr.public_bytes(Encoding.PEM), habilitation=right)
    issued = issue_certificate(benali, wanted, idempotency_key="bench").line.reference
    collect_certificate(benali, reference=issued, terms_accepted=True, code=_CODE, code_again=_CODE)
    return {"certificate": issued, "right": right, "order": reference}
