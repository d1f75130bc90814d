"""A compromised key: proved by its holder or reported at the desk, every certificate on it ends, in every
structure, and no other is made on it [F17, F18].
"""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sceau.certification import KEY_PROOF_TEXT
from sceau.operations import (
    CertificateRequest,
    collect_certificate,
    finish_key_reports,
    issue_certificate,
    key_reports,
    look_up_key,
    report_key,
    report_key_by_proof,
    revoke_by_code,
    revoke_certificate,
)
from sceau.records.models import BlockedKey, Certificate, JournalEntry, Revocation, Structure
from sceau.vocabulary import Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    AUTHORITY,
    OTHER_SIRET,
    REPRESENTATIVE,
    STRANGER,
    Instance,
    Someone,
    accepted,
    right_for,
)
from tests.integration.test_orders import refusal
from tests.runs import many

KEY = ec.generate_private_key(ec.SECP256R1())
CODE = "un-code-choisi"


def csr_of(key: ec.EllipticCurvePrivateKey, text: str = "") -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.PEM)


PROOF = csr_of(KEY, KEY_PROOF_TEXT)


def on_key(key: ec.EllipticCurvePrivateKey, name: str = "www.chu-exemple.fr") -> Certificate:
    request = CertificateRequest(
        product="SERV_SSL", names=(name,), csr=csr_of(key), habilitation=right_for("SERV_SSL")
    )
    file = issue_certificate(ADMINISTRATOR.actor, request, idempotency_key=f"on-{name}")
    return Certificate.objects.get(reference=file.line.reference)


@pytest.fixture
def everywhere(instance: Instance) -> list[Certificate]:
    """One key in certificates of two structures (as an import, or a rule of before, may have left them)."""
    accepted()
    first = on_key(KEY)
    other = Structure.objects.get(siret=OTHER_SIRET)
    return [first, *many(2, structure=other), *many(2, first=10)]


def reasons() -> dict[str, tuple[str, str]]:
    rows = Revocation.objects.select_related("certificate")
    return {row.certificate.reference: (row.reason, row.quality) for row in rows}


def test_f17_the_proof_ends_every_certificate_on_the_key_in_all_structures(
    everywhere: list[Certificate],
) -> None:
    report = report_key_by_proof(PROOF)
    assert set(report.ended) == {row.reference for row in everywhere}
    assert reasons() == {row.reference: ("keyCompromise", "key-holder") for row in everywhere}
    for row in everywhere:
        assert JournalEntry.objects.filter(subject=row.reference, kind="certificate.revoked").count() == 1
    assert JournalEntry.objects.filter(subject=report.key, kind="key.reported").count() == 1
    again = report_key_by_proof(PROOF)
    assert again.ended == ()
    assert JournalEntry.objects.filter(subject=report.key, kind="key.reported").count() == 1


def test_f18_a_reported_key_is_never_certified_again(everywhere: list[Certificate]) -> None:
    report_key_by_proof(PROOF)
    request = CertificateRequest(
        product="SERV_SSL",
        names=("api.chu-exemple.fr",),
        csr=csr_of(KEY),
        habilitation=right_for("SERV_SSL"),
    )
    codes = refusal(issue_certificate, ADMINISTRATOR.actor, request, idempotency_key="again")
    assert "key.blocked" in codes


def test_a_request_for_a_certificate_is_no_proof_and_a_key_of_nobody_blocks_nothing(
    everywhere: list[Certificate],
) -> None:
    entries = JournalEntry.objects.count()
    assert refusal(report_key_by_proof, csr_of(KEY)) == {"key-report.not-said"}
    assert refusal(report_key_by_proof, csr_of(KEY, "www.chu-exemple.fr")) == {"key-report.not-said"}
    other = csr_of(ec.generate_private_key(ec.SECP256R1()), KEY_PROOF_TEXT)
    assert refusal(report_key_by_proof, other) == {"key-report.unknown-key"}
    assert BlockedKey.objects.count() == Revocation.objects.count() == 0
    assert JournalEntry.objects.count() == entries  # nobody is at the door


def test_a_key_whose_certificates_ended_before_is_blocked_all_the_same(
    instance: Instance, everywhere: list[Certificate]
) -> None:
    for row in everywhere:
        revoke_certificate(
            ALICE.actor, reference=row.reference, reason="superseded", quality="desk", explanation="x"
        )
    assert BlockedKey.objects.count() == 0
    assert report_key_by_proof(PROOF).ended == ()
    assert BlockedKey.objects.count() == 1
    assert {reason for reason, _ in reasons().values()} == {"superseded"}  # F16: nothing is rewritten


def test_whoever_revokes_one_as_compromised_ends_the_others_on_its_key(
    everywhere: list[Certificate],
) -> None:
    act: dict[str, Any] = {"reason": "keyCompromise", "quality": "administrator"}
    revoke_certificate(ADMINISTRATOR.actor, reference=everywhere[0].reference, **act)
    found = reasons()
    assert found.pop(everywhere[0].reference) == ("keyCompromise", "administrator")
    assert found == {row.reference: ("keyCompromise", "authority") for row in everywhere[1:]}
    told = JournalEntry.objects.filter(kind="certificate.revoked")
    assert sorted(told.values_list("subject", flat=True)) == sorted(row.reference for row in everywhere)


def test_the_code_ends_the_others_on_the_key_too(everywhere: list[Certificate]) -> None:
    first = everywhere[0]
    collect_certificate(
        ADMINISTRATOR.actor, reference=first.reference, terms_accepted=True, code=CODE, code_again=CODE
    )
    revoke_by_code(serial=first.serial, code=CODE, reason="keyCompromise")
    assert set(reasons()) == {row.reference for row in everywhere}


@pytest.mark.parametrize(
    ("who", "quality"), [(ALICE, "desk"), (AUTHORITY, "authority"), (AUTHORITY, "judge")]
)
def test_an_officer_reports_a_key_known_or_not(
    everywhere: list[Certificate], who: Someone, quality: str
) -> None:
    look = look_up_key(csr_of(KEY))
    assert (look.blocked, len(look.lines)) == (False, 5)
    report = report_key(who.actor, key=look.key, quality=quality, explanation="Clé publiée sur un forum.")
    assert len(report.ended) == 5
    assert look_up_key(PROOF).blocked
    report_key(who.actor, key="ab" * 32, quality=quality, explanation="Clé vue ailleurs.")
    assert set(BlockedKey.objects.values_list("spki_sha256", flat=True)) == {look.key, "ab" * 32}


@pytest.mark.parametrize("who", [STRANGER, REPRESENTATIVE, ADMINISTRATOR, AUDITOR])
def test_nobody_else_reports_a_key_without_its_proof(everywhere: list[Certificate], who: Someone) -> None:
    act: dict[str, Any] = {"key": "ab" * 32, "quality": "desk", "explanation": "x"}
    assert refusal(report_key, who.actor, **act) == {"operations.role-missing"}
    assert BlockedKey.objects.count() == 0


def test_an_officer_says_why_and_as_what_and_ends_no_more_than_one_person_may(
    everywhere: list[Certificate],
) -> None:
    key = everywhere[0].spki_sha256
    act: dict[str, Any] = {"key": key, "quality": "desk"}
    assert refusal(report_key, ALICE.actor, **act, explanation="") == {"operations.text-missing"}
    act["quality"] = "authority"
    assert refusal(report_key, ALICE.actor, **act, explanation="x") == {"revocation.quality-not-held"}
    act["quality"] = "key-holder"
    assert refusal(report_key, ALICE.actor, **act, explanation="x") == {"revocation.quality-not-held"}
    many(20, first=100)
    act["quality"] = "desk"
    assert refusal(report_key, ALICE.actor, **act, explanation="x") == {"key-report.too-many"}
    assert BlockedKey.objects.count() == 0


class Crash(BaseException):
    """The end of the process."""


def test_a_report_cut_short_is_finished_by_the_clockwork(
    everywhere: list[Certificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*args: Any, **kwargs: Any) -> Any:
        raise Crash

    monkeypatch.setattr(key_reports, "_end_all", dies)
    with pytest.raises(Crash):
        report_key_by_proof(PROOF)
    monkeypatch.undo()
    assert Revocation.objects.count() == 0
    assert BlockedKey.objects.count() == 1
    assert finish_key_reports() == 5
    assert finish_key_reports() == 0
    assert set(reasons()) == {row.reference for row in everywhere}


def test_a_certificate_being_signed_on_the_key_is_ended_too(instance: Instance) -> None:
    accepted()

    def meanwhile(kind: str) -> None:
        report_key_by_proof(PROOF)

    instance.signer.before = meanwhile
    row = on_key(KEY)
    assert row.state == "issued"
    assert reasons() == {row.reference: ("keyCompromise", "key-holder")}


def test_a_private_key_is_refused_and_not_kept(everywhere: list[Certificate]) -> None:
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    shown = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for verb in (look_up_key, report_key_by_proof):
        with pytest.raises(Refused) as caught:
            verb(shown)
        assert {one.code for one in caught.value.findings} <= {"key-report.private-key", "csr.private-key"}
