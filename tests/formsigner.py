"""Signs forms as people would with their cards (PAdES, through pyHanko), and as cheats would."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any

import time_machine
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from sceau.identity import CardHolder, CardTrust, CardUse, lookup_from_lists, read_card
from sceau.vocabulary import Reading
from tests.cardmaker import Authority, CardPlan, card, key
from tests.instance import NOON, Someone
from tests.portal import STANDARD, STANDARD_ROOT, STRONG, STRONG_ROOT, TRUST, issuer_of, plan_of

SIGNING = (ExtendedKeyUsageOID.EMAIL_PROTECTION,)
FIELD = "3_signature"


def signing_plan(someone: Someone, **changes: Any) -> CardPlan:
    """What is written in the signing certificate of somebody's card."""
    return plan_of(someone, **{"digital_signature": False, "usages": SIGNING, **changes})


def signing_certificate(
    someone: Someone, *, issuer: Authority | None = None, **changes: Any
) -> x509.Certificate:
    return card(signing_plan(someone, **changes), issuer or issuer_of(someone))


def signer_of(certificate: x509.Certificate, key_name: str = "card") -> signers.SimpleSigner:
    private = key(key_name).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )


def sign_form(
    data: bytes,
    signer: Any,
    *,
    field: str = FIELD,
    subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES,
    digest: str = "sha256",
    at: datetime = NOON,
) -> bytes:
    """The file with one more signature, made when the signer's clock shows `at`."""
    writer = IncrementalPdfFileWriter(BytesIO(data))
    metadata = signers.PdfSignatureMetadata(field_name=field, subfilter=subfilter, md_algorithm=digest)
    with time_machine.travel(at, tick=False):
        out: BytesIO = signers.sign_pdf(writer, metadata, signer=signer)
    return out.getvalue()


def signed_by(someone: Someone, data: bytes, **changes: Any) -> bytes:
    """The form signed with somebody's card."""
    return sign_form(data, signer_of(signing_certificate(someone, **changes)))


def reader(*revoked: int, trust: CardTrust = TRUST) -> Any:
    """Whose card signed, with fresh lists of the test authorities; these serial numbers are on them."""
    lists = [STRONG_ROOT.crl(), STANDARD_ROOT.crl(), STRONG.crl(*revoked), STANDARD.crl(*revoked)]

    def read(certificate: bytes, *, at: datetime) -> Reading[CardHolder]:
        lookup = lookup_from_lists(lists, trust=trust, at=at)
        return read_card(certificate, trust=trust, at=at, revoked=lookup, use=CardUse.SIGN)

    return read
