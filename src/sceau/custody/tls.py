"""The TLS certificate of a development instance, under a small authority of its own that can do nothing else.

Kept apart from the hierarchy: the portal's own certificate is nobody's order. The authority may only
name this machine (critical name constraints), so that trusting it in a browser opens nothing else.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sceau.custody.folders import make_private_folder, replace_file
from sceau.vocabulary import Fault

_SERVER_DAYS, _AUTHORITY_DAYS = 397, 3650
_RENEW_BEFORE = timedelta(days=60)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What a server and its visitors need: chain and key for the one, the authority's certificate for
    the others.
    """

    chain: Path
    key: Path
    authority: Path


def ensure_tls(folder: Path, *, at: datetime, names: Iterable[str] = ()) -> TlsFiles:
    """The TLS files under `folder`, made at first, renewed 60 days before their end, under the same
    authority.

    `names` are host names or addresses beside localhost. Other names than before make a new
    certificate, and where the authority may not name them, a new authority (browsers then ask again).
    """
    make_private_folder(folder)
    files = TlsFiles(folder / "server.pem", folder / "server.key", folder / "ca.pem")
    wanted = tuple(dict.fromkeys((*_LOOPBACK, *names)))
    if _is_good(files.chain, wanted, at):
        return files
    authority = _authority(folder, wanted, at)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _server(authority, key, wanted, at)
    replace_file(files.key, _pem_of(key), mode=0o600)
    chain = certificate.public_bytes(Encoding.PEM) + authority.certificate.public_bytes(Encoding.PEM)
    replace_file(files.chain, chain)
    return files


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _is_good(chain: Path, names: tuple[str, ...], at: datetime) -> bool:
    """Whether the certificate in use has these names and time before it."""
    if not chain.exists():
        return False
    certificate = x509.load_pem_x509_certificate(chain.read_bytes())
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return list(held) == _general_names(names) and at + _RENEW_BEFORE < certificate.not_valid_after_utc


def _authority(folder: Path, names: tuple[str, ...], at: datetime) -> _Authority:
    """The authority of `folder` if it may name `names` and has time before it, else a new one."""
    path, key_path = folder / "ca.pem", folder / "ca.key"
    constraints = _constraints(names)
    if path.exists() and key_path.exists():
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        limits = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        if limits == constraints and at + timedelta(days=_SERVER_DAYS) < certificate.not_valid_after_utc:
            return _Authority(certificate, _read_key(key_path))
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Sceau : adresses de cette machine")
    certificate = (
        _builder(name, name, key.public_key(), at=at, days=_AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certifies=True), critical=True)
        .add_extension(constraints, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    replace_file(key_path, _pem_of(key), mode=0o600)
    replace_file(path, certificate.public_bytes(Encoding.PEM))
    return _Authority(certificate, key)


def _server(
    authority: _Authority, key: ec.EllipticCurvePrivateKey, names: tuple[str, ...], at: datetime
) -> x509.Certificate:
    above = authority.certificate
    identifier = above.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _builder(_name(names[0]), above.subject, key.public_key(), at=at, days=_SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certifies=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_general_names(names)), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(authority.key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, *, at: datetime, days: int
) -> x509.CertificateBuilder:
    begins = at.replace(microsecond=0) - timedelta(minutes=5)  # clocks of visitors differ a little
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(secrets.randbits(127) | 1 << 126)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_names(names: Iterable[str]) -> list[x509.GeneralName]:
    return [x509.DNSName(name) if (ip := _ip(name)) is None else x509.IPAddress(ip) for name in names]


def _constraints(names: Iterable[str]) -> x509.NameConstraints:
    permitted: list[x509.GeneralName] = []
    for name in names:
        ip = _ip(name)
        permitted.append(x509.DNSName(name) if ip is None else x509.IPAddress(ipaddress.ip_network(ip)))
    return x509.NameConstraints(permitted, None)


def _ip(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _usage(*, certifies: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certifies,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Fault("keys.kind", retryable=False, detail=str(path))
    return key
