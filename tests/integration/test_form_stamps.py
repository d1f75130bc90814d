"""A structure's electronic stamp on a form: a seal made with a certificate of ours, evidence for the stamp
alone.
"""

from __future__ import annotations

from typing import Any

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.sign import signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from sceau.operations import (
    CertificateRequest,
    FormIntake,
    issue_certificate,
    revoke_certificate,
)
from sceau.records import CertificateFile, order_file
from sceau.records.models import Certificate
from tests.formsigner import sign_form, signed_by
from tests.instance import (
    ADMINISTRATOR,
    REPRESENTATIVE,
    Instance,
    accepted,
    csr,
    csr_key,
    offer,
    right_for,
)
from tests.integration.test_form_signed import codes, made, raw_of, taken


@pytest.fixture
def seal(instance: Instance) -> CertificateFile:
    """The structure's certificate for seals."""
    accepted(offer("org"))
    request = CertificateRequest("ORG_SIGN", ("logiciel",), csr("seal"), right_for("ORG_SIGN"))
    return issue_certificate(ADMINISTRATOR.actor, request, idempotency_key="seal")


def stamped(data: bytes, seal: CertificateFile, **how: Any) -> bytes:
    """The form with the structure's seal."""
    private = csr_key("seal").private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(seal.der),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    return sign_form(data, signer, **how)


def notes(found: FormIntake) -> str:
    file = order_file(found.order)
    assert file is not None
    return "\n".join(one.text for one in file.notes)


def test_a_seal_alone_is_a_stamp_and_no_visa(instance: Instance, seal: CertificateFile) -> None:
    found = taken(instance, stamped(made(), seal))
    assert "signature.stamp-holds" in codes(found)
    assert not found.signed
    visa = raw_of(found)["visa"]
    assert visa["stamped"] is True
    assert "Le cachet électronique de Centre hospitalier de l'Exemple" in notes(found)
    assert seal.line.reference in notes(found)


def test_a_card_and_a_seal_are_seen_both_and_the_signature_is_judged_as_before(
    instance: Instance, seal: CertificateFile
) -> None:
    """Several signatures go to a person, whatever they are: the stamp beside is shown."""
    alone = taken(instance, signed_by(REPRESENTATIVE, made()))
    assert alone.signed
    assert raw_of(alone)["visa"]["stamped"] is False
    sealed_first = sign_form_of(REPRESENTATIVE, stamped(made(), seal, field="Cachet"))
    sealed_last = stamped(signed_by(REPRESENTATIVE, made()), seal, field="Cachet")
    for data in (sealed_first, sealed_last):
        found = taken(instance, data)
        assert {"signature.stamp-holds", "pdf.several-signatures"} <= codes(found)
        assert not found.signed
        assert raw_of(found)["visa"]["stamped"] is True


def sign_form_of(who: Any, data: bytes) -> bytes:
    return signed_by(who, data)


def test_a_seal_that_is_revoked_ended_or_anothers_is_told_and_does_not_count(
    instance: Instance, seal: CertificateFile
) -> None:
    other = taken(instance, stamped(made(structure=another()), seal))
    assert "signature.stamp-of-another" in codes(other)
    data = stamped(made(), seal)
    ended = taken_at(instance, data, seal)
    assert "signature.stamp-ended" in codes(ended)
    revoke_certificate(
        ADMINISTRATOR.actor, reference=seal.line.reference, quality="administrator", reason="superseded"
    )
    revoked = taken(instance, stamped(made(usage=other_usage()), seal))
    assert "signature.stamp-revoked" in codes(revoked)
    for found in (other, ended, revoked):
        assert "signature.stamp-holds" not in codes(found)
        assert not raw_of(found)["visa"].get("stamped")


def taken_at(instance: Instance, data: bytes, seal: CertificateFile) -> FormIntake:
    """After the seal's certificate has ended."""
    before = instance.clock.now
    instance.clock.now = Certificate.objects.get(reference=seal.line.reference).not_after
    instance.clock.forward(days=1)
    try:
        return taken(instance, data)
    finally:
        instance.clock.now = before


def another() -> dict[str, Any]:
    return {
        "name": "Autre structure",
        "siret": "35600000000048",
        "finess": "",
        "rpps_rangs": [],
        "postcode": "69003",
        "commune": "Lyon",
        "takes_charge": False,
    }


def other_usage() -> dict[str, Any]:
    return {"description": "Autre serveur", "editor": "Éditeur", "solution": "Logiciel"}


def test_a_stamp_under_a_key_of_ours_for_another_product_is_none(instance: Instance) -> None:
    accepted(offer("serv-ssl"))
    request = CertificateRequest("SERV_SSL", ("www.chu-exemple.fr",), csr("seal"), right_for("SERV_SSL"))
    server = issue_certificate(ADMINISTRATOR.actor, request, idempotency_key="server")
    found = taken(instance, stamped(made(), server))
    assert not any(code.startswith("signature.stamp") for code in codes(found))


def test_a_seal_whose_text_was_changed_after_is_refused(instance: Instance, seal: CertificateFile) -> None:
    data = bytearray(stamped(made(), seal))
    at = bytes(data).rindex(b"/Contents")
    data[at // 2] ^= 1
    found = taken(instance, bytes(data))
    assert "signature.stamp-holds" not in codes(found)
