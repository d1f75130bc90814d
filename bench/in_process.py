"""In one process, without network, database or journal: CSR bytes in, certificate bytes out, beside the bare
signature.

Everything that decides is there: strict reading and possession, the declared name among a million, right and
warrant, draft, examination, lint, signature, comparison. The signing process, its ledger and the records are
not.

Every key is one that no cache of the product knows. An RSA modulus takes two milliseconds to judge when it is
first seen: measured with that look, and without it (as when a preview gave its verdict just before).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from tests.authority import (
    OneByOne,
    PrivateKey,
    TestAuthority,
    authority,
    card_number,
    person_id,
    request_der,
    structure_id,
)

from bench.declared_names import DeclaredNames, asked_name, drawn_numbers, scope_of
from bench.plan import Plan
from bench.rounds import Sample, interleave, rate, ratio, repeated
from bench.rows import Bound, Row
from sceau.catalogue import load_catalogue
from sceau.certification import draw_serial, encode, prepare, read_csr, sign
from sceau.certification.keys import forget_keys, read_key
from sceau.registration import (
    Card,
    CardStatus,
    ContractState,
    Habilitation,
    HabilitationStatus,
    HolderLetter,
    Person,
    Structure,
    warrant_for,
)
from sceau.status import signature_algorithm

_PRODUCT = "SERV_SSL"
_POOL = 128
_KINDS = {"RSA-2048": "rsa:2048", "P-256": "ec:P-256"}
_BOUNDS = {"RSA-2048": Bound(0.6, 0.80), "P-256": Bound(0.15, 0.30)}
_HASH = hashes.SHA256()


def run(plan: Plan) -> list[Row]:
    """Two issuers × two kinds of subscriber's key, an RSA one seen before or never."""
    names = DeclaredNames(plan.names)
    pools = {kind: requests_for(code) for kind, code in _KINDS.items()}
    requests = {kind: (pool, False) for kind, pool in pools.items()}
    requests["RSA-2048 (first look)"] = (pools["RSA-2048"], True)
    rows = []
    for issuer, code in _KINDS.items():
        line = Line.of(code, names)
        contestants: dict[str, Callable[[], Sample]] = {"raw": _raw(line.issuer.key, plan)}
        for subscriber, (pool, first_look) in requests.items():
            contestants[subscriber] = _ours(line, pool, plan, first_look=first_look)
        for subscriber, pool in pools.items():
            contestants[_alone(subscriber)] = _library(line.issuer.key, pool, plan)
        rounds = interleave(contestants, plan)
        rows += [_row(issuer, subscriber, rounds, plan) for subscriber in requests]
    return rows


def _row(issuer: str, subscriber: str, rounds: dict[str, list[Sample]], plan: Plan) -> Row:
    keys = f"{issuer} issuer, {subscriber} subscribers"
    return Row(
        f"in process, CSR → certificate: {keys}, {plan.names:,} declared names",
        rate(rounds, subscriber),
        "certificates a CPU second",
        ratio(rounds, subscriber, "raw"),
        _BOUNDS[issuer],
        f"raw key.sign: {rate(rounds, 'raw'):,.0f} a CPU second",
        "the look-up among the declared names: the product's keys in a dictionary of the bench's; no signer "
        "process, ledger or records; no key was seen before, but for the verdict on an RSA modulus unless "
        "“first look” is said" + _cap(issuer, subscriber, rounds),
    )


def _cap(issuer: str, subscriber: str, rounds: dict[str, list[Sample]]) -> str:
    """What the library's own calls leave of the ratio, said where they alone keep it under its bound."""
    if _alone(subscriber) not in rounds:
        return ""
    most = ratio(rounds, _alone(subscriber), "raw")
    if _BOUNDS[issuer].holds(most):
        return ""
    micros = 1e6 / rate(rounds, _alone(subscriber))
    return (
        f"; the library's own calls (reading the key, possession, signature, verification of what was "
        f"signed) took {micros:,.0f} µs by themselves in the same run: {most:.2f} is the most that this row "
        "could be while all of them are made"
    )


def _alone(subscriber: str) -> str:
    return f"the library alone, {subscriber}"


def _library(issuer: PrivateKey, pool: list[bytes], plan: Plan) -> Callable[[], Sample]:
    """The library's calls of a certificate and nothing else; the subscriber's key is read anew, as one that
    was never seen, the issuer's is known.
    """
    read = [x509.load_der_x509_csr(csr) for csr in pool]
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    asked = [(one.public_key().public_bytes(*form), one.signature, one.tbs_certrequest_bytes) for one in read]
    known, message = issuer.public_key(), os.urandom(1000)

    def certify(at: int) -> None:
        spki, signature, info = asked[at % len(asked)]
        _verify(load_der_public_key(spki), signature, info)
        _verify(known, bare_signature(issuer, message), message)

    return lambda: repeated(certify, seconds=plan.seconds / 2, most=1_000_000)


def _verify(public: object, signature: bytes, data: bytes) -> None:
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, data, padding.PKCS1v15(), _HASH)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(signature, data, ec.ECDSA(_HASH))
    else:
        raise TypeError(f"no key of the bench's: {public!r}")


@dataclass(frozen=True, slots=True)
class KeySigner(OneByOne):
    """`certification.Signer` with the key at hand: a signature, and nothing else."""

    key: PrivateKey
    algorithm: bytes

    def sign(self, *, kind: str, issuer: str, generation: int, tbs: bytes) -> bytes:
        """The signed DER over `tbs`."""
        del kind, issuer, generation
        return encode.sequence(tbs, self.algorithm, encode.bits(bare_signature(self.key, tbs)))


def bare_signature(key: PrivateKey, data: bytes) -> bytes:
    """The denominator: cryptography's own signature."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), _HASH)
    return key.sign(data, ec.ECDSA(_HASH))


@dataclass(frozen=True, slots=True)
class Line:
    """What stands ready before the first request: issuer, signer, throw-away key, names, an asker."""

    issuer: TestAuthority
    signer: KeySigner
    lint_key: PrivateKey
    names: DeclaredNames
    structure: Structure
    person: Person
    card: Card

    @classmethod
    def of(cls, kind: str, names: DeclaredNames) -> Line:
        """A line under an issuer whose key is of `kind`."""
        issuer = authority("el-org", "development", kind=kind)
        signer = KeySigner(issuer.key, signature_algorithm(issuer.certificate.tbs_certificate_bytes))
        structure = Structure("CENTRE HOSPITALIER DU BANC", structure_id(), "Rhône (69)", "69003", "LYON")
        person = Person(person_id(), "ADMINISTRATEUR", "Camille", "M")
        card = Card(card_number(), "CPE_NOMINATIVE", CardStatus.VALID, person.national_id)
        return cls(issuer, signer, _new_key(kind), names, structure, person, card)

    def certify(self, csr: bytes, number: int) -> bytes:
        """The whole way of one certificate."""
        at = datetime.now(UTC).replace(microsecond=0)
        catalogue = load_catalogue()
        request = read_csr(csr).require()
        name = asked_name(number)
        found = self.names.find(name)
        if found is None:
            raise LookupError(name)
        warrant = warrant_for(
            habilitation=self._habilitation(found),
            person=self.person,
            card=self.card,
            product=_PRODUCT,
            names=(name,),
            at=at,
            catalogue=catalogue,
        )
        draft = prepare(
            warrant,
            request,
            self.issuer.facts,
            catalogue=catalogue,
            serial=draw_serial(at, os.urandom),
            at=at,
            lint_key=self.lint_key,
        )
        return sign(draft, self.signer, self.issuer.facts)

    def _habilitation(self, number: int) -> Habilitation:
        """The right as the records would give it."""
        return Habilitation(
            reference=f"H-{number:07d}",
            version=1,
            status=HabilitationStatus.APPROVED,
            person_id=self.person.national_id,
            structure=self.structure,
            product=_PRODUCT,
            scope=scope_of(number),
            contract=ContractState.ACTIVE,
            holder_letter=HolderLetter.NOT_NEEDED,
        )


def _ours(line: Line, pool: list[bytes], plan: Plan, *, first_look: bool) -> Callable[[], Sample]:
    numbers = drawn_numbers(line.names.count, 4096)

    def certify(at: int) -> None:
        forget_keys(verdicts=first_look)
        line.certify(pool[at % len(pool)], numbers[at % len(numbers)])

    def sample() -> Sample:
        for csr in pool if not first_look else ():
            read_key(read_csr(csr).require().key.spki, until=None)
        return repeated(certify, seconds=plan.seconds, most=200_000)

    return sample


def _raw(key: PrivateKey, plan: Plan) -> Callable[[], Sample]:
    messages = [os.urandom(1000) for _ in range(64)]
    return lambda: repeated(
        lambda at: bare_signature(key, messages[at % 64]), seconds=plan.seconds / 2, most=1_000_000
    )


def requests_for(kind: str, count: int = _POOL) -> list[bytes]:
    """Requests for as many different keys."""
    return [request_der(_new_key(kind)) for _ in range(count)]


def _new_key(kind: str) -> PrivateKey:
    if kind == "rsa:2048":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())
