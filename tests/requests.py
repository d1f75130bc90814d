"""Certification requests written octet by octet, so that each rule can be broken on its own."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.authority import PrivateKey, private_key, spki_of, tlv

EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
SAN, BASIC_CONSTRAINTS, KEY_USAGE, EKU = "2.5.29.17", "2.5.29.19", "2.5.29.15", "2.5.29.37"
RSA_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


def oid(dotted: str) -> bytes:
    first, second, *arcs = (int(arc) for arc in dotted.split("."))
    content = b""
    for arc in (first * 40 + second, *arcs):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        content += bytes(reversed(groups))
    return tlv(0x06, content)


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def attribute(kind: str, value: bytes) -> bytes:
    """AttributeTypeAndValue in an RDN of its own."""
    return tlv(0x31, tlv(0x30, oid(kind) + value))


def common_name(text: str, tag: int = 0x0C) -> bytes:
    return attribute("2.5.4.3", tlv(tag, text.encode()))


def extension(kind: str, value: bytes, critical: bytes = b"") -> bytes:
    return tlv(0x30, oid(kind) + critical + tlv(0x04, value))


CRITICAL = b"\x01\x01\xff"


def request_attribute(kind: str, *values: bytes) -> bytes:
    return tlv(0x30, oid(kind) + tlv(0x31, b"".join(sorted(values))))


def extension_request(*extensions: bytes) -> bytes:
    return request_attribute(EXTENSION_REQUEST, tlv(0x30, b"".join(extensions)))


def dns(*names: str) -> bytes:
    return san(*(tlv(0x82, name.encode("latin-1")) for name in names))


def san(*entries: bytes) -> bytes:
    return extension(SAN, tlv(0x30, b"".join(entries)))


def info(
    *,
    subject: Sequence[bytes] = (),
    attributes: Sequence[bytes] | None = (),
    spki: bytes | None = None,
    key: PrivateKey | None = None,
    version: bytes = b"\x02\x01\x00",
) -> bytes:
    """CertificationRequestInfo; `attributes` None leaves the field out."""
    holder = key or private_key("ec:P-256", "request")
    tail = b"" if attributes is None else tlv(0xA0, b"".join(sorted(attributes)))
    return tlv(0x30, version + tlv(0x30, b"".join(subject)) + (spki or spki_of(holder)) + tail)


def sign(body: bytes, *, key: PrivateKey | None = None, algorithm: bytes | None = None) -> bytes:
    """CertificationRequest over `body`, signed with SHA-256 whatever `algorithm` says."""
    holder = key or private_key("ec:P-256", "request")
    if isinstance(holder, rsa.RSAPrivateKey):
        signature = holder.sign(body, padding.PKCS1v15(), hashes.SHA256())
    else:
        signature = holder.sign(body, ec.ECDSA(hashes.SHA256()))
    own = RSA_SHA256 if isinstance(holder, rsa.RSAPrivateKey) else ECDSA_SHA256
    return tlv(0x30, body + (algorithm or own) + tlv(0x03, b"\x00" + signature))


def csr(
    *attributes: bytes,
    subject: Sequence[bytes] = (),
    key: PrivateKey | None = None,
    spki: bytes | None = None,
) -> bytes:
    """A whole request with these attributes."""
    return sign(info(subject=subject, attributes=attributes, key=key, spki=spki), key=key)


def asking(*extensions: bytes, subject: Sequence[bytes] = ()) -> bytes:
    """A whole request with one extensionRequest."""
    return csr(extension_request(*extensions), subject=subject)


def pem(der: bytes, label: str = "CERTIFICATE REQUEST", line: str = "\n") -> bytes:
    text = base64.b64encode(der).decode()
    rows = [text[at : at + 64] for at in range(0, len(text), 64)]
    return line.join([f"-----BEGIN {label}-----", *rows, f"-----END {label}-----", ""]).encode()
