"""An issuing authority whose root is elsewhere, and off: its request leaves on a file, its certificate comes
back on one.

The request is PKCS#10 signed by the issuing key; only the subject and the key count in it. Who certifies
rebuilds everything from its own plan; who installs believes only a root whose fingerprint its plan holds.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sceau.catalogue import Environment, Issuer
from sceau.certification import encode, ml_dsa_kind
from sceau.custody.authorities import Authority, authority_name, check_made, fingerprint, make_authority
from sceau.custody.keys import SigningKey
from sceau.custody.pem import pem
from sceau.custody.plan import Plan
from sceau.vocabulary import Finding, Refused

_VERSION_1 = b"\x02\x01\x00"
_NO_ATTRIBUTES = b"\xa0\x00"
_LARGEST_REQUEST = 16 * 1024


def request_for(issuer: Issuer, key: SigningKey, *, environment: Environment) -> bytes:
    """PEM of the request [RFC 2986] for `issuer`'s certificate, which proves possession of `key`."""
    name = authority_name(issuer, environment).public_bytes()
    info = encode.sequence(_VERSION_1, name, key.public_key, _NO_ATTRIBUTES)
    whole = encode.sequence(info, key.algorithm, encode.bits(key.sign(info)))
    return pem("CERTIFICATE REQUEST", whole)


class BroughtKey:
    """The public half of a key that is elsewhere, where `make_authority` wants the key that it certifies."""

    def __init__(self, public_key: bytes) -> None:
        self.public_key, self.algorithm = public_key, b""

    def ready(self) -> None:
        """It never is."""
        raise TypeError("this key is elsewhere")

    def sign(self, data: bytes) -> bytes:  # noqa: ARG002 - the protocol's signature
        """Nothing is signed with somebody else's key."""
        raise TypeError("this key is elsewhere")


def certify(request: bytes, plan: Plan, parents: dict[str, Authority], *, at: datetime) -> Authority:
    """The certificate that `plan` gives to a request. Raises `Refused` with what is wrong in the request."""
    read = _read_request(request)
    rows = {
        authority_name(issuer, plan.environment).public_bytes(): issuer
        for issuer in plan.issuers
        if issuer.parent in parents
    }
    issuer = rows.get(read.subject.public_bytes())
    if issuer is None or issuer.parent is None:
        raise Refused([Finding.error("ceremony.request-subject", read.subject.rfc4514_string()[:200])])
    public = read.public_key()
    kind = _kind_of(public)
    if kind != issuer.key:
        raise Refused([Finding.error("ceremony.request-key", issuer.code, kind=kind, expected=issuer.key)])
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    parent = parents[issuer.parent]
    if spki in {one.key.public_key for one in parents.values()}:
        raise Refused([Finding.error("ceremony.request-key", issuer.code, kind="root", expected=issuer.key)])
    return make_authority(
        issuer,
        BroughtKey(spki),
        parent=parent,
        environment=plan.environment,
        at=at,
        generation=plan.generation,
    )


def check_installable(
    issuer: Issuer, certificate: bytes, root: bytes, *, plan: Plan, key: SigningKey, at: datetime
) -> None:
    """Raise `Refused` with everything that keeps `certificate` from being `issuer`'s here."""
    problems = _wrong_with_root(issuer, root, plan)
    try:
        read = x509.load_der_x509_certificate(certificate)
        above = x509.load_der_x509_certificate(root)
        check_made(certificate, root)
        constraints = read.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = read.extensions.get_extension_for_class(x509.KeyUsage).value
        is_authority = (
            constraints.critical and constraints.value.ca and usage.key_cert_sign and usage.crl_sign
        )
        is_bounded = constraints.value.path_length == issuer.path_length
        spki = read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Exception as error:  # whatever a reader or a verifier says: it is not the certificate we want
        why = f"{type(error).__name__} {error}".strip()
        raise Refused([*problems, Finding.error("ceremony.certificate", issuer.code, why=why)]) from error
    if spki != key.public_key:
        problems.append(Finding.error("ceremony.certificate-key", issuer.code))
    wrong = {
        "subject": read.subject != authority_name(issuer, plan.environment),
        "basicConstraints": not (is_authority and is_bounded),
        "validity": not (
            read.not_valid_before_utc <= at < read.not_valid_after_utc <= above.not_valid_after_utc
        ),
    }
    problems += [
        Finding.error("ceremony.certificate", issuer.code, why=part) for part, bad in wrong.items() if bad
    ]
    if problems:
        raise Refused(problems)


def _wrong_with_root(issuer: Issuer, root: bytes, plan: Plan) -> list[Finding]:
    expected = plan.roots.get(issuer.parent or "")
    if expected == fingerprint(root):
        return []
    return [
        Finding.error("ceremony.root", issuer.parent or "", found=fingerprint(root), expected=expected or "–")
    ]


def _read_request(request: bytes) -> x509.CertificateSigningRequest:
    try:
        read = x509.load_pem_x509_csr(request[:_LARGEST_REQUEST])
        is_own = read.is_signature_valid
    except Exception as error:
        raise Refused([Finding.error("ceremony.request-unreadable", "request", why=error)]) from error
    if not is_own:
        raise Refused([Finding.error("ceremony.request-unreadable", "request", why="signature")])
    return read


def _kind_of(public: object) -> str:
    if kind := ml_dsa_kind(public):
        return kind
    size = getattr(public, "key_size", "?")
    curve = getattr(getattr(public, "curve", None), "name", None)
    named = {"secp256r1": "ec:P-256", "secp384r1": "ec:P-384"}
    return f"rsa:{size}" if curve is None else named.get(curve, curve)
