"""The resolver before a local authoritative server: what is found, denied, silent, and by whom it is asked.

The server answers on loopback only; no name leaves this machine.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from sceau.operations import check_domain, recheck_domains
from sceau.records import leave_line
from sceau.records.models import Piece
from sceau.site.resolver import SystemResolver
from sceau.vocabulary import Fault
from tests.instance import ALICE, NOON, Instance
from tests.integration.test_legal_file import LENT, challenged

PLACE = f"_sceau-challenge.{LENT}."


@dataclass
class Authority:
    """A zone of our own. `mute`: never answers; `failing`: says that it failed; `validated`: sets AD."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    mute: bool = False
    failing: bool = False
    validated: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name = question.name.to_text()
        self.asked.append((name, dns.rdatatype.to_text(question.rdtype)))
        if self.mute:
            return None
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA | (dns.flags.AD if self.validated else 0)
        if self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer.to_wire()
        if name in self.aliases:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", self.aliases[name]))
            name = self.aliases[name]
        if name in self.texts:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *self.texts[name]))
        elif not answer.answer:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()


@pytest.fixture
def authority() -> Iterator[Authority]:
    kept = Authority()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, link = self.request
            told = kept.answer(wire)
            if told is not None:
                link.sendto(told, self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        kept.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield kept
        server.shutdown()
        thread.join()


def test_a_record_is_found_whole_however_it_was_cut(authority: Authority) -> None:
    authority.texts[PLACE] = ['"first half, " "second half"', '"another"']
    answer = SystemResolver(authority.address)(PLACE.rstrip("."))
    assert answer.outcome == "found"
    assert set(answer.records) == {"first half, second half", "another"}
    assert answer.authenticated is False
    assert "first half" in answer.whole
    assert authority.asked == [(PLACE, "TXT")]


def test_what_the_resolver_validated_is_told(authority: Authority) -> None:
    authority.texts[PLACE] = ['"x"']
    authority.validated = True
    assert SystemResolver(authority.address)(PLACE.rstrip(".")).authenticated is True
    assert SystemResolver(authority.address)("absent.example.fr").authenticated is True


def test_a_denial_and_a_silence_are_not_the_same(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sceau.site.resolver.SECONDS", 0.4)
    ask = SystemResolver(authority.address)
    assert ask("absent.example.fr").outcome == "none"
    authority.failing = True
    assert ask(PLACE.rstrip(".")).outcome == "silent"
    authority.failing, authority.mute = False, True
    silent = ask(PLACE.rstrip("."))
    assert (silent.outcome, silent.records) == ("silent", ())


def test_a_zone_may_lend_the_place_to_another_of_its_holder(authority: Authority) -> None:
    authority.aliases[PLACE] = "elsewhere.example.fr."
    assert SystemResolver(authority.address)(PLACE.rstrip(".")).outcome == "none"
    authority.texts["elsewhere.example.fr."] = ['"lent"']
    answer = SystemResolver(authority.address)(PLACE.rstrip("."))
    assert answer.records == ("lent",)
    assert "CNAME" in answer.whole


@pytest.mark.parametrize("servers", ["evil.example.fr", "http://192.0.2.1", "127.0.0.1:port", "::zz"])
def test_a_resolver_is_an_address_and_nothing_else(servers: str) -> None:
    with pytest.raises(Fault, match=r"site\.resolver"):
        SystemResolver(servers)(PLACE.rstrip("."))


def test_from_the_challenge_to_the_lapse_before_a_real_server(
    instance: Instance, authority: Authority
) -> None:
    instance.at_another(txt=SystemResolver(authority.address))
    line = challenged()
    assert check_domain(ALICE.actor, reference=line.reference).state == "received"
    half = len(line.challenge) // 2
    authority.texts[PLACE] = [f'"{line.challenge[:half]}" "{line.challenge[half:]}"']
    assert check_domain(ALICE.actor, reference=line.reference).state == "standing"
    del authority.texts[PLACE]
    instance.clock.forward(hours=25)
    assert recheck_domains() == 1
    after = leave_line(line.reference, at=NOON + timedelta(hours=25))
    assert after is not None
    assert after.state == "lapsed"
    assert {name for name, _ in authority.asked} == {PLACE}
    assert {kind for _, kind in authority.asked} == {"TXT"}
    assert Piece.objects.filter(kind="dns-answer").count() == 3
