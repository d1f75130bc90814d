"""A form 413 on paper, keyed at the desk: its identifiers typed twice, its scan on file, its visa for another
officer to attest.

One wrong digit of a SIRET, a FINESS or a card's number makes the right of somebody else: each is typed twice,
and the second must be the first. Who keys a form is part of the order, so that its visa is never attested by
the same eyes [ASSURANCE T01].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sceau.operations.acts import acting, refuse_with
from sceau.operations.machine import Actor
from sceau.operations.order_texts import receive_form, view
from sceau.operations.pieces import PieceEntry, add_piece
from sceau.operations.standing import DESK, require_role
from sceau.records import OrderFile
from sceau.vocabulary import Finding

_TWICE = ("siret", "finess")


@dataclass(frozen=True, slots=True)
class PaperForm:
    """A form as keyed: the raw form, the second typing of its identifiers by path, and the scan."""

    raw: Mapping[str, Any]
    again: Mapping[str, str]
    scan: bytes
    scan_name: str = ""
    idempotency_key: str = ""


def twice_typed(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths that are typed twice: the structure's numbers, each person's card."""
    people = raw.get("administrators")
    rows = len(people) if isinstance(people, list) else 0
    return (
        *(f"structure.{key}" for key in _TWICE),
        "signatory.card_number",
        *(f"administrators.{row}.card_number" for row in range(rows)),
    )


def key_paper_form(actor: Actor, paper: PaperForm) -> OrderFile:
    """Open an order from a form on paper, with its scan on file. Desk only.

    Refused: an identifier whose second typing is not the first, no scan, a scan that is no PDF or image. What
    the form itself lacks is asked afterwards, as for any form that did not come on line.
    """
    with acting(actor, "order.keyed") as act:
        require_role(act, DESK)
        findings = list(_check_twice(paper))
        if not paper.scan:
            findings.append(Finding.error("paper.no-scan", "scan"))
        visa = paper.raw.get("visa")
        day = _day_of(visa.get("date")) if isinstance(visa, Mapping) else None
        if day is None:
            findings.append(Finding.error("paper.no-day", "visa.date"))
        refuse_with(findings)
        file = receive_form(actor, raw=paper.raw, channel="desk", idempotency_key=paper.idempotency_key)
        entry = PieceEntry(
            kind="form-scan", data=paper.scan, name=paper.scan_name, issued_on=day, order=file.line.reference
        )
        piece = add_piece(actor, entry)
        act.about(file.line.reference, piece.reference)
        act.tell(sha256=piece.sha256)
    return view(file.line.reference)


def _check_twice(paper: PaperForm) -> list[Finding]:
    found = []
    for path in twice_typed(paper.raw):
        first, second = _squeezed(_at(paper.raw, path)), _squeezed(paper.again.get(path, ""))
        if first and not second:
            found.append(Finding.error("paper.typed-once", path))
        elif first != second:
            found.append(Finding.error("paper.typed-otherwise", path))
    return found


def _at(raw: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(raw, Mapping):
            raw = raw.get(step)
        elif isinstance(raw, list):
            raw = raw[int(step)]
        else:
            return None
    return raw


def _day_of(value: Any) -> date | None:
    """A day as pages and papers write it."""
    for written in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(str(value or ""), written).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def _squeezed(value: Any) -> str:
    return "".join(str(value or "").split())
