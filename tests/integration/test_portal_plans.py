"""What the pages ask of the database: no statement of any page reads a table that grows from one end to the
other, in SQLite and in PostgreSQL. A page that is quick with three certificates is quick with a million.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import connection
from django.test import override_settings
from django.urls import Resolver404, resolve

from sceau.operations import open_draft, prepare_run
from sceau.portal import post_brakes
from tests.designations import EDITOR, TECHNICIAN, designated, editor_registered, proposed
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    CONTRACT,
    DOCTOR,
    REPRESENTATIVE,
    Instance,
    accepted,
    form,
    right_for,
    submitted,
)
from tests.portal import DoorClient, staff_the_door, tls_layer, visitor
from tests.runs import many, one, request

GROWS = frozenset(
    f"records_{name}"
    for name in (
        *("certificate", "certificatename", "revocation", "keyuse", "keptrequest", "journalentry"),
        *("journalleaf", "journaldisclosure", "order", "orderversion", "orderparty", "approval"),
        *("habilitation", "habilitationversion", "person", "card", "structure", "contract"),
        *("contractparty", "mail", "notice", "searchword", "orderdraft", "deskcase", "custody"),
    )
)
PEOPLE = (ADMINISTRATOR, REPRESENTATIVE, ALICE, AUDITOR, AUTHORITY, EDITOR, TECHNICIAN, DOCTOR)
_NAMED = re.compile(r'(?:FROM|JOIN) \(?"(records_\w+)"(?: (?!ON\b|INNER\b|WHERE\b|LEFT\b|ORDER\b)"?(\w+)"?)?')
_SCANNED = re.compile(r"^SCAN (\S+)(?: USING (?:COVERING )?INDEX (\w+))?")
_OF_FEW = {
    "certificate_intended",
    "notice_to_make",
    "mail_to_send",
}  # indexes of what passes, not of what stays
_SEQUENTIAL = re.compile(r"Seq Scan on (\w+)")
_TELLS_ALL = {"certificates-table"}  # a table of all of somebody's certificates, streamed


class Links(HTMLParser):
    """The addresses that a page leads to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.there: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href")
        if tag == "a" and address:
            self.there.append(address)


def reads_whole(sql: str, given: Any) -> set[str]:
    """The tables that grow and that the database would read from end to end for this statement."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN {sql}", given)
            return {found for row in cursor.fetchall() for found in _SEQUENTIAL.findall(row[0])} & GROWS
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", given)
        plan = [str(row[3]) for row in cursor.fetchall()]
    called: dict[str, str] = {alias or table: table for table, alias in _NAMED.findall(sql)}
    scanned = {str(found[1]) for line in plan if (found := _SCANNED.match(line)) and found[2] not in _OF_FEW}
    return {called.get(name, name) for name in scanned} & GROWS


def stops_early(sql: str) -> bool:
    """Whether it takes the first so many in the order of the key, whatever they are."""
    return "WHERE" not in sql and "LIMIT" in sql


class Listener:
    """Hears statements, and keeps those that read a table whole."""

    def __init__(self) -> None:
        self.page, self.heard, self.wrong = "", 0, dict[str, str]()
        self._asked: set[str] = set()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if sql.startswith("SELECT") and sql not in self._asked and not stops_early(sql):
            self._asked.add(sql)
            self.heard += 1
            found = self._apart(sql, params)
            if found:
                self.wrong[f"{self.page}: {', '.join(sorted(found))}"] = sql
        return answer

    def _apart(self, sql: str, params: Any) -> set[str]:
        wrappers, connection.execute_wrappers = connection.execute_wrappers, []
        try:
            return reads_whole(sql, params)
        finally:
            connection.execute_wrappers = wrappers


def name_of(address: str) -> str:
    try:
        return str(resolve(urlsplit(address).path).url_name or "")
    except Resolver404:
        return ""


def walk(browser: DoorClient, listener: Listener, more: tuple[str, ...]) -> set[str]:
    """Every page that links lead to, and `more`; their names."""
    seen: set[str] = set()
    tried: set[str] = set()
    waiting = ["/", *more]
    while waiting:
        address = waiting.pop(0)
        name = name_of(address)
        if address in tried or not name or name in _TELLS_ALL or (name in seen and address not in more):
            continue
        tried.add(address)
        listener.page = f"{name} {address}"
        answer = browser.get(address)
        if answer.status_code != 200:
            continue
        seen.add(name)
        if not answer.streaming and str(answer.get("Content-Type", "")).startswith("text/html"):
            there = Links(answer.content.decode()).there
            waiting += [urlsplit(urljoin(address, link)).path for link in there]
    return seen


@pytest.fixture
def portal(instance: Instance) -> Iterator[Instance]:
    editor_registered()
    staff_the_door(*PEOPLE)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
    with tls_layer():
        yield instance


def everything() -> tuple[str, ...]:
    """Something of each kind; addresses that no link spells out."""
    order = accepted()
    row = one()
    copies = many(6, like=row)
    waits = submitted()
    open_draft(REPRESENTATIVE.actor, raw=form(), origin="blank")
    designated()
    proposed()
    run = prepare_run(ALICE.actor, request("contract", subject=CONTRACT)).line.reference
    right, name = right_for("SERV_SSL"), "www.chu-exemple.fr"
    texts = (name, "chu-exemple", row.reference, row.serial, "zzz")
    return (
        *(f"/certificats/?texte={text}" for text in texts),
        *(f"/certificats/?etat={state}" for state in ("revoked", "expired", "to-collect", "in-service")),
        *("/certificats/?dans=30", "/certificats/echeances/", f"/certificats/?apres={copies[2].reference}"),
        *(f"/certificats/?produit=SERV_SSL&texte={name}", f"/certificats/{row.reference}/"),
        *(f"/habilitations/{right}/", f"/demander/{right}/", f"/demander/{right}/?remplace={row.reference}"),
        *(f"/habilitations/{right}/acte/{act}/" for act in ("suspend", "withdraw")),
        *(f"/guichet/recherche/?texte={text}" for text in (*texts, "exemple", ALICE.card)),
        *(f"/revocations/certificats/?texte={text}" for text in texts),
        *(f"/guichet/contrats/?texte={text}" for text in ("exemple", CONTRACT)),
        *(f"/guichet/contrats/{CONTRACT}/acte/{act}/" for act in ("suspend", "terminate")),
        *(f"/revocations/{run}/", f"/guichet/{waits.line.reference}/", f"/guichet/{order.line.reference}/"),
        *("/guichet/courriels/?texte=exemple", "/departs/", "/changements/", "/delegations/"),
    )


@override_settings(SCEAU_TEST_CARDS=False)
def test_no_page_reads_a_table_that_grows_from_one_end_to_the_other(portal: Instance) -> None:
    more, listener, seen = everything(), Listener(), set[str]()
    with connection.execute_wrapper(listener):
        for someone in PEOPLE:
            post_brakes(None)
            seen |= walk(visitor(someone), listener, more)
    told = "\n\n".join(f"{where}\n  {sql[:1500]}" for where, sql in listener.wrong.items())
    assert not listener.wrong, told
    assert listener.heard > 200
    assert len(seen) > 60, sorted(seen)


def test_a_statement_that_reads_a_table_whole_is_heard(portal: Instance) -> None:
    accepted()
    one()
    listener = Listener()
    with connection.execute_wrapper(listener), connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM records_certificate WHERE subject LIKE '%%x%%'", ())
    if connection.vendor == "sqlite":
        assert list(listener.wrong) == [": records_certificate"]
