"""A private key is known by its shape, however it is sent; what is none is not taken for one."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from sceau.certification import holds_private_key
from tests.instance import csr

EC, RSA = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
CSR = x509.load_pem_x509_csr(csr()).public_bytes(Encoding.DER)
OPEN, SECRET = NoEncryption(), BestAvailableEncryption(b"secret")
WRITTEN = [
    *(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
        for key in (EC, RSA)
        for lock in (OPEN, SECRET)
    ),
    *(
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, lock)
        for key in (EC, RSA)
        for lock in (OPEN, SECRET)
    ),
    *(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, OPEN) for key in (EC, RSA)),
    *(key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, OPEN) for key in (EC, RSA)),
    EC.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, OPEN),
    pkcs12.serialize_key_and_certificates(None, EC, None, None, SECRET),
    base64.encodebytes(EC.private_bytes(Encoding.DER, PrivateFormat.PKCS8, OPEN)),
    b"PuTTY-User-Key-File-3: ssh-rsa\n",
    b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
    b"\xfe\xed\xfe\xed" + bytes(20),
    CSR + EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, OPEN),
]


@pytest.mark.parametrize("sent", WRITTEN, ids=range(len(WRITTEN)))
def test_a_private_key_is_seen(sent: bytes) -> None:
    assert holds_private_key(sent)
    assert holds_private_key(b"\r\n \n" + sent) or sent[:1] in b"0\xfe"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"0",
        b"0\x82",
        b"Bonjour",
        CSR,
        csr(),
        base64.b64encode(CSR),
        EC.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        EC.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ],
    ids=range(9),  # the keys are new at each run: the tests' names may not be
)
def test_what_is_none_is_not_taken_for_one(sent: bytes) -> None:
    assert not holds_private_key(sent)
