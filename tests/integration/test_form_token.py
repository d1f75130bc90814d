"""The form signed as a card signs it: by a key that never leaves its token (PKCS#11), through pyHanko."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pkcs11
import pytest
import time_machine
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.rsa import encode_rsa_public_key
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.pkcs11 import PKCS11Signer

from sceau.documents import fill_form
from sceau.operations import Actor, FormFile, receive_form_file
from tests import cardmaker
from tests.formsigner import FIELD, reader, signing_certificate
from tests.instance import NOON, REPRESENTATIVE, Instance, form
from tests.integration.softhsm import MODULE, PIN, Hsm, is_here

pytestmark = pytest.mark.skipif(not is_here(), reason="no SoftHSM here")


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A session on a token with one RSA key made inside it."""
    hsm = Hsm(tmp_path / "hsm", label="carte")
    hsm.make()
    monkeypatch.setenv("SOFTHSM2_CONF", str(hsm.settings))
    hsm.initialise()
    library = pkcs11.lib(str(MODULE))
    with contextlib.suppress(pkcs11.PKCS11Error):
        library.reinitialize()
    with library.get_token(token_label="carte").open(rw=True, user_pin=PIN.decode()) as session:
        session.generate_keypair(
            KeyType.RSA, 2048, label="signature", store=True, mechanism=Mechanism.RSA_PKCS_KEY_PAIR_GEN
        )
        yield session


def certificate_of_token(session: Any, monkeypatch: pytest.MonkeyPatch) -> x509.Certificate:
    """A card's signing certificate over the key in the token."""
    public = session.get_key(label="signature", object_class=ObjectClass.PUBLIC_KEY)
    assert len(encode_rsa_public_key(public)) > 200
    numbers = rsa.RSAPublicNumbers(
        int.from_bytes(public[Attribute.PUBLIC_EXPONENT], "big"),
        int.from_bytes(public[Attribute.MODULUS], "big"),
    )
    kept = cardmaker.key

    class Here:
        """What a card maker asks of a key: only its public half is out here."""

        def public_key(self) -> rsa.RSAPublicKey:
            return numbers.public_key()

    monkeypatch.setattr(cardmaker, "key", lambda name: Here() if name == "token" else kept(name))
    return signing_certificate(REPRESENTATIVE, key_name="token")


def test_a_form_signed_inside_a_token_is_its_visa(
    instance: Instance, token: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = token.get_key(label="signature", object_class=ObjectClass.PRIVATE_KEY)
    assert private[Attribute.EXTRACTABLE] is False
    certificate = certificate_of_token(token, monkeypatch)
    signer = PKCS11Signer(
        token,
        key_label="signature",
        signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
        ca_chain=[],
    )
    writer = IncrementalPdfFileWriter(BytesIO(fill_form(form())))
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    with time_machine.travel(NOON, tick=False):
        out = signers.sign_pdf(writer, metadata, signer=signer)
    instance.at_another(signing_card=reader())
    found = receive_form_file(Actor.system("mail-room"), FormFile(out.getvalue(), "F413.pdf"))
    assert found.signed, [(one.code, one.details) for one in found.findings]
    altered = bytearray(out.getvalue())
    altered[12] ^= 1
    refused = receive_form_file(Actor.system("mail-room"), FormFile(bytes(altered), "F413.pdf"))
    assert [one.code for one in refused.findings] == ["pdf.signature-altered"]
