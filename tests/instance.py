"""A whole instance in memory but for its database: machine, people, contracts, forms; real rules throughout.

The signer is a memory one with failure hooks; what it signed is its own record, apart from the database.
"""

from __future__ import annotations

import hashlib
import random as chance
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.catalogue import load_catalogue
from sceau.custody import PieceCabinet
from sceau.operations import (
    Actor,
    CertificateRequest,
    ContractDemand,
    ContractEntry,
    Machine,
    PartyEntry,
    StructureEntry,
    TxtAnswer,
    act_on_contract,
    appoint_officer,
    approve_order,
    confirm_contract_act,
    confirm_role,
    install,
    preview_contract_act,
    propose_role,
    receive_form,
    register_card,
    register_person,
    register_structure_contract,
    take_order,
)
from sceau.records import ContractLine, OrderFile, contract_file, habilitations_of
from sceau.registration import Card, CardStatus, Person, StopPlan
from sceau.vocabulary import CardNumber, PersonId
from tests.authority import OneByOne, TestAuthority, authority, private_key, signed

CATALOGUE = load_catalogue()
NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
KIND = "ec:P-256"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class HookedSigner(OneByOne):
    """A memory signer. `before` runs when it is asked, `after` once it signed: either may raise, as a
    crash would.
    """

    authorities: dict[str, TestAuthority]
    before: Callable[[str], None] = lambda kind: None
    after: Callable[[str], None] = lambda kind: None
    signatures: list[tuple[str, str, str]] = field(default_factory=list)

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        assert generation == 1
        self.before(kind)
        der = signed(tbs, self.authorities[issuer].key)
        self.signatures.append((kind, issuer, hashlib.sha256(tbs).hexdigest()))
        self.after(kind)
        return der

    def drafts(self, kind: str = "certificate") -> list[str]:
        """SHA-256 of everything of this kind that was signed."""
        return [tbs for found, _, tbs in self.signatures if found == kind]


@dataclass
class Outbox:
    """Mails that left."""

    mails: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, *, to: str, subject: str, text: str) -> None:
        self.mails.append((to, subject, text))


@dataclass
class Zone:
    """The records that name servers hold; `silent` when none of them answers."""

    records: dict[str, tuple[str, ...]] = field(default_factory=dict)
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> TxtAnswer:
        self.asked.append(name)
        if self.silent:
            return TxtAnswer("silent", (), False, "Timeout", "memory")
        found = self.records.get(name, ())
        return TxtAnswer("found" if found else "none", found, False, f"{name} TXT {found}", "memory")


@dataclass(frozen=True)
class Someone:
    """A person of the tests, with a card."""

    national_id: PersonId
    surname: str
    given_names: str
    card: str
    card_type: str
    title: str = ""
    profession_code: int | None = None

    @property
    def actor(self) -> Actor:
        return Actor(self.national_id.text, self.card, frozenset(), f"{self.given_names} {self.surname}")

    @property
    def person(self) -> Person:
        return Person(self.national_id, self.surname, self.given_names, self.title, self.profession_code)

    def card_facts(self, status: CardStatus = CardStatus.VALID) -> Card:
        return Card(CardNumber(self.card), self.card_type, status, self.national_id)


def _employee(number: str, surname: str, given: str, card: str, type_: str) -> Someone:
    return Someone(
        PersonId("3", "690000005", number), surname, given, card, type_, "Personnel santé ou social"
    )


REPRESENTATIVE = _employee("DIR01", "Désirée", "Élodie", "2500000001", "CDE")
MANDATAIRE = _employee("MAN01", "Mandat", "Marc", "2500000002", "CPE_NOMINATIVE")
ADMINISTRATOR = _employee("ADM01", "Lefèvre", "Jean-Noël", "2600000001", "CPE_NOMINATIVE")
SECOND_ADMINISTRATOR = _employee("ADM02", "Nguyen", "Linh", "2600000002", "CPA")
ALICE = _employee("DSK01", "Premier", "Alice", "2700000001", "CPA")
BRUNO = _employee("DSK02", "Second", "Bruno", "2700000002", "CPA")
CHLOE = _employee("DSK03", "Tiers", "Chloé", "2700000003", "CPA")
AUTHORITY = _employee("AUT01", "Autorité", "Anne", "2700000009", "CPA")
AUDITOR = _employee("AUD01", "Auditeur", "Omar", "2700000008", "CPA")
STRANGER = _employee("XXX01", "Ailleurs", "Sam", "2600000099", "CPE_NOMINATIVE")
OTHER_REPRESENTATIVE = _employee("DIR99", "Voisine", "Vera", "2500000099", "CDE")
DOCTOR = Someone(
    PersonId("8", "99700041983"), "Dentiste", "Géraldine", "2800000001", "CPS", "Chirurgien-Dentiste", 40
)
EVERYBODY = (
    REPRESENTATIVE,
    MANDATAIRE,
    ADMINISTRATOR,
    SECOND_ADMINISTRATOR,
    ALICE,
    BRUNO,
    CHLOE,
    AUTHORITY,
    AUDITOR,
    STRANGER,
    OTHER_REPRESENTATIVE,
    DOCTOR,
)
CONTRACT, OTHER_CONTRACT = "C-2026-0012", "C-2026-0099"
SIRET, OTHER_SIRET = "18751275100020", "35600000000048"


@dataclass
class Instance:
    """The machine and what a test turns on it."""

    machine: Machine
    clock: Clock
    signer: HookedSigner
    outbox: Outbox
    zone: Zone

    def at_another(self, **changes: Any) -> Machine:
        """The same machine with parts exchanged, installed."""
        other = replace(self.machine, **changes)
        install(other)
        return other


def make_instance(shelf: Path, *, seed: int = 413) -> Instance:
    """A machine in memory, installed; its chance is drawn from `seed`, so that a failure can be replayed."""
    clock, outbox, zone = Clock(), Outbox(), Zone()
    authorities = {code: authority(code, kind=KIND) for code in ("el-org", "el-pp")}
    signer = HookedSigner(authorities)
    machine = Machine(
        catalogue=CATALOGUE,
        environment="development",
        signer=signer,
        clock=clock,
        random=chance.Random(seed).randbytes,
        issuers={code: (found.facts,) for code, found in authorities.items()},
        lint_key=lambda issuer: private_key(KIND, f"lint {issuer.code}"),
        origin="sceau.test/journal",
        head_key=Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"head").digest()),
        shelf=shelf,
        mailer=outbox,
        cabinet=PieceCabinet(shelf.parent / "pieces", shelf.parent / "piece-keys"),
        txt=zone,
        mode="development",
    )
    install(machine)
    return Instance(machine, clock, signer, outbox, zone)


def people_it() -> None:
    """Register everybody, two structures with their contracts, and the officers."""
    system = Actor.system("setup")
    for someone in EVERYBODY:
        register_person(system, someone.person)
        register_card(system, someone.card_facts())
    register_structure_contract(system, contract_entry(CONTRACT, SIRET, "Centre hospitalier de l'Exemple"))
    register_structure_contract(
        system, contract_entry(OTHER_CONTRACT, OTHER_SIRET, "Clinique voisine", OTHER_REPRESENTATIVE)
    )
    for officer in (ALICE, BRUNO, CHLOE):
        appoint_officer(system, person_id=officer.national_id.text, quality="desk")
    appoint_officer(system, person_id=AUDITOR.national_id.text, quality="auditor")
    appoint_officer(system, person_id=AUTHORITY.national_id.text, quality="authority")


def change_role(someone: Someone, quality: str, event: str) -> None:
    """A role given or taken by two people, neither of them who it is about."""
    person = someone.national_id.text
    reference = propose_role(AUTHORITY.actor, person_id=person, quality=quality, event=event, reason="Essai")
    confirm_role((BRUNO if someone is not BRUNO else CHLOE).actor, reference=reference)


def give_role(someone: Someone, quality: str) -> None:
    change_role(someone, quality, "give")


def take_role(someone: Someone, quality: str) -> None:
    change_role(someone, quality, "take")


def contract_entry(
    number: str, siret: str, name: str, representative: Someone = REPRESENTATIVE
) -> ContractEntry:
    parties = [
        PartyEntry("representative", representative.surname, representative.given_names, representative.card)
    ]
    if representative is REPRESENTATIVE:
        parties.append(PartyEntry("mandataire", MANDATAIRE.surname, MANDATAIRE.given_names, MANDATAIRE.card))
    return ContractEntry(
        number=number,
        structure=StructureEntry(name=name, postcode="69003", commune="Lyon", siret=siret),
        valid_from=date(2026, 1, 1),
        parties=parties,
    )


def offer(code: str, **changes: Any) -> dict[str, Any]:
    """One line of offers."""
    line: dict[str, Any] = {
        "offer": code,
        "products": [],
        "kind": None,
        "declared": None,
        "restricted": None,
        "owner": None,
        "letter": None,
    }
    if code == "serv-ssl":
        line |= {"kind": "domain", "declared": "chu-exemple.fr", "owner": "structure"}
    if code in {"serv-mail", "pro"}:
        line |= {"kind": "mail", "declared": "@chu-exemple.fr", "restricted": False, "owner": "structure"}
    return line | changes


def form(
    *offers: dict[str, Any],
    signatory: Someone = REPRESENTATIVE,
    administrators: tuple[Someone, ...] = (ADMINISTRATOR,),
    **changes: Any,
) -> dict[str, Any]:
    """A complete raw form."""
    raw: dict[str, Any] = {
        "edition": "web",
        "structure": {
            "name": "Centre hospitalier de l'Exemple",
            "siret": SIRET,
            "finess": "",
            "rpps_rangs": [],
            "postcode": "69003",
            "commune": "Lyon",
            "takes_charge": False,
        },
        "contract": {"number": CONTRACT},
        "signatory": {"quality": "representative", **_on_form(signatory)},
        "visa": {"date": "24/11/2026", "signed": True, "stamped": True},
        "usage": {"description": "Serveur web", "editor": "Éditeur", "solution": "Logiciel"},
        "offers": list(offers) or [offer("serv-ssl")],
        "administrators": [_on_form(person) for person in administrators],
        "declarations": {"terms": True, "exact": True},
    }
    return deepcopy(raw | changes)


def _on_form(someone: Someone) -> dict[str, Any]:
    return {
        "card_number": someone.card,
        "surname": someone.surname,
        "given_names": someone.given_names,
        "phone": "01 23 45 67 89",
        "email": "contact@chu-exemple.fr",
    }


def submitted(*offers: dict[str, Any], **changes: Any) -> OrderFile:
    """An order that the representative submitted on line."""
    return receive_form(REPRESENTATIVE.actor, raw=form(*offers, **changes), channel="web")


def accepted(*offers: dict[str, Any], **changes: Any) -> OrderFile:
    """An order submitted on line and accepted by two officers."""
    order = submitted(*offers, **changes)
    take_order(ALICE.actor, reference=order.line.reference)
    approve_order(ALICE.actor, reference=order.line.reference, version=1)
    return approve_order(BRUNO.actor, reference=order.line.reference, version=1)


EVENTS = {"suspended": "suspend", "active": "resume", "terminated": "terminate"}
KEEP_ALL = StopPlan(others={"orders": "keep", "rights": "keep", "certificates": "keep"})


def set_contract_state(
    number: str = CONTRACT, *, state: str, plan: StopPlan = KEEP_ALL, reason: str = "Essai"
) -> ContractLine:
    """Bring a contract to a state, by as many officers as it takes; nothing else is stopped unless said."""
    event = EVENTS[state]
    if event == "resume":
        plan = StopPlan()
    seen = preview_contract_act(number).seen
    line = act_on_contract(CHLOE.actor, ContractDemand(number, event, reason, seen, plan))
    file = contract_file(number, at=NOON)
    waiting = [one.reference for one in file.acts if one.state == "asked"] if file else []
    for reference in waiting:
        line = confirm_contract_act(BRUNO.actor, reference=reference)
    return line


def right_for(product: str, *, at: datetime = NOON, who: Someone = ADMINISTRATOR) -> str:
    """The reference of somebody's right to a product."""
    return next(
        line.reference for line in habilitations_of(who.national_id.text, at=at) if line.product == product
    )


def csr_key(which: str) -> ec.EllipticCurvePrivateKey:
    """The key of this name, always the same."""
    number = int.from_bytes(hashlib.sha256(which.encode()).digest(), "big") >> 1
    return ec.derive_private_key(number, ec.SECP256R1())


@lru_cache
def csr(which: str = "server") -> bytes:
    """A plain request under a key of its own."""
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return request.sign(csr_key(which), hashes.SHA256()).public_bytes(Encoding.PEM)


def server_request(
    name: str = "www.chu-exemple.fr", *, which: str = "server", **changes: Any
) -> CertificateRequest:
    """A request for a server certificate under the administrator's right."""
    right = changes.pop("habilitation", None) or right_for("SERV_SSL")
    return CertificateRequest(
        product="SERV_SSL", names=(name,), csr=csr(which), habilitation=right, **changes
    )
