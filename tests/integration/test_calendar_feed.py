"""A structure's calendar, read by the grammar of RFC 5545 and by nothing of what writes it."""

from __future__ import annotations

import re
from datetime import date, timedelta

from sceau.operations import (
    ask_for_more,
    issue_certificate,
    make_feed,
    read_feed,
    revoke_certificate,
    revoke_feed,
    take_order,
    verify_leave,
)
from sceau.records.models import Certificate, Contract, Leave
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    CONTRACT,
    OTHER_SIRET,
    Instance,
    accepted,
    offer,
    server_request,
    submitted,
)
from tests.integration.test_legal_file import LENT, STRUCTURE, letter

_LINE = re.compile(r"([A-Z-]+)((?:;[A-Z-]+=[^;:]+)*):(.*)", re.S)


def unfolded(octets: bytes) -> list[str]:
    """Content lines [RFC 5545 §3.1]: CRLF only, at most 75 octets each, folded before a space."""
    assert octets.endswith(b"\r\n")
    lines = octets[:-2].split(b"\r\n")
    assert all(b"\n" not in line and b"\r" not in line and len(line) <= 75 for line in lines)
    whole: list[bytes] = []
    for line in lines:
        if line[:1] in {b" ", b"\t"}:
            whole[-1] += line[1:]
        else:
            whole.append(line)
    return [line.decode("utf-8") for line in whole]


def events(octets: bytes) -> list[dict[str, list[str]]]:
    """Each event's properties, values unescaped, with those of its alarms under ``alarm.``."""
    found: list[dict[str, list[str]]] = []
    stack: list[str] = []
    for line in unfolded(octets):
        read = _LINE.fullmatch(line)
        assert read, line
        name, parameters, value = read.groups()
        if name == "BEGIN":
            stack.append(value)
            if value == "VEVENT":
                found.append({})
            continue
        if name == "END":
            assert stack.pop() == value
            continue
        assert stack[0] == "VCALENDAR"
        if "VEVENT" in stack:
            key = ("alarm." if stack[-1] == "VALARM" else "") + name
            found[-1].setdefault(key, []).append(unescaped(value))
            assert name != "DTSTART" or parameters == ";VALUE=DATE"
    assert stack == []
    return found


def unescaped(value: str) -> str:
    assert not re.search(r"(?<!\\)(?:\\\\)*[,;]", value), value
    return re.sub(r"\\([\\;,nN])", lambda one: "\n" if one[1] in "nN" else one[1], value)


def summaries(secret: str) -> dict[str, str]:
    read = read_feed(secret)
    assert read is not None
    return {one["SUMMARY"][0]: one["DTSTART"][0] for one in events(read)}


def test_every_deadline_of_the_structure_and_of_no_other_is_there(instance: Instance) -> None:
    verify_leave(ALICE.actor, reference=letter(ends=date(2027, 3, 31)))
    Leave.objects.filter(name=LENT).update(changed_at=instance.clock.now)
    Contract.objects.filter(number=CONTRACT).update(valid_until=date(2028, 1, 31))
    accepted(offer("serv-ssl"))
    kept = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="a")
    ended = issue_certificate(
        ADMINISTRATOR.actor, server_request("api.chu-exemple.fr", which="b"), idempotency_key="b"
    )
    revoke_certificate(
        ADMINISTRATOR.actor, reference=ended.line.reference, quality="administrator", reason="superseded"
    )
    order = submitted(offer("serv-ssl")).line.reference
    take_order(ALICE.actor, reference=order)
    ask_for_more(ALICE.actor, reference=order, text="Il manque la lettre.", due=date(2026, 12, 4))
    secret = make_feed(ALICE.actor, structure=STRUCTURE)
    last = Certificate.objects.get(reference=kept.line.reference).not_after
    assert summaries(secret) == {
        "Fin : Certificat de serveur SSL www.chu-exemple.fr": f"{last:%Y%m%d}",
        "Fin : contrat C-2026-0012": "20280131",
        f"Fin : accord du titulaire de {LENT}": "20270331",
        f"Fin : délai pour répondre au guichet, commande {order}": "20261204",
    }
    other = make_feed(ALICE.actor, structure=f"3{OTHER_SIRET}")
    assert all("www" not in one and order not in one for one in summaries(other))


def test_an_event_is_whole_and_the_same_at_each_reading(instance: Instance) -> None:
    Contract.objects.filter(number=CONTRACT).update(valid_until=date(2028, 1, 31))
    secret = make_feed(ALICE.actor, structure=STRUCTURE)
    first = read_feed(secret)
    instance.clock.forward(hours=1)
    second = read_feed(secret)
    assert first is not None
    assert second is not None
    (one,), (again,) = events(first), events(second)
    assert one["UID"] == again["UID"]
    assert one["DTEND"] == [f"{date(2028, 1, 31) + timedelta(days=1):%Y%m%d}"]
    assert one["DTSTAMP"] == ["20261124T120000Z"]
    assert one["alarm.TRIGGER"] == ["-P30D", "-P7D"]
    assert all(said.endswith("contrat C-2026-0012") for said in one["alarm.DESCRIPTION"])


def test_names_that_would_break_a_line_stay_values(instance: Instance) -> None:
    Contract.objects.filter(number=CONTRACT).update(
        number="C;X,Y\\nZ", valid_until=date(2028, 1, 31), reason="x"
    )
    secret = make_feed(ALICE.actor, structure=STRUCTURE)
    assert list(summaries(secret)) == ["Fin : contrat C;X,Y\\nZ"]
    revoke_feed(ALICE.actor, structure=STRUCTURE)
    assert read_feed(secret) is None
