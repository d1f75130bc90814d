"""Whether an authority may be pinned: everything it says must be something that this room applies.

A path here is a root, one issuing authority, a card. Constraints on names, mappings of policies and critical
extensions that nothing here reads would silently not be applied, so an authority that has them cannot be
pinned at all; the operator is told when the instance starts [RFC 5280 §4.2, §6.1].
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

_READ = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.KEY_USAGE,
    }
)
# Kept by construction in an issuer: a policy is always required, never mapped, and anyPolicy on a card never
# counts as one. In a root they would speak of the issuer's own anyPolicy, which does count.
_KEPT_BY_ISSUER = frozenset({ExtensionOID.POLICY_CONSTRAINTS, ExtensionOID.INHIBIT_ANY_POLICY})
_NEVER_APPLIED = frozenset({ExtensionOID.NAME_CONSTRAINTS, ExtensionOID.POLICY_MAPPINGS})
_ANY_POLICY = "2.5.29.32.0"


def check_pinned(issuer: x509.Certificate, root: x509.Certificate) -> None:
    """Raise ValueError, with the reason, when `issuer` under `root` cannot be pinned. They may be one."""
    for authority, kept in ((issuer, _KEPT_BY_ISSUER), (root, frozenset[x509.ObjectIdentifier]())):
        _require(not _never_applied(authority), "constrains names or maps policies", authority)
        _require(_constrains_policies_critically(authority), "constrains policies non-critically", authority)
        _require(_critical(authority) <= _READ | kept, "has a critical extension not applied", authority)
        _require(has_strong_key(authority), "has a weak key", authority)
    if issuer == root:
        return
    weak = isinstance(issuer.signature_hash_algorithm, hashes.SHA1 | hashes.MD5)
    _require(not weak, "is signed with SHA-1 or MD5", issuer)
    path_length = root.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    _require(path_length != 0, "may have no authority under it", root)
    _require(_lets_clients_in(issuer), "is not for authentication", issuer)


def states_policy(issuer: x509.Certificate, policy: str) -> bool:
    """Whether `issuer` may have `policy` (dotted) in what it issues: it states it, or anyPolicy [RFC 5280
    §6.1.3 d].
    """
    try:
        stated = issuer.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return False
    return bool({policy, _ANY_POLICY} & {one.policy_identifier.dotted_string for one in stated})


def _require(holds: bool, what: str, authority: x509.Certificate) -> None:
    if not holds:
        raise ValueError(f"{authority.subject.rfc4514_string()} {what}")


def _critical(authority: x509.Certificate) -> set[x509.ObjectIdentifier]:
    return {one.oid for one in authority.extensions if one.critical}


def _never_applied(authority: x509.Certificate) -> bool:
    return any(one.oid in _NEVER_APPLIED for one in authority.extensions)


def _constrains_policies_critically(authority: x509.Certificate) -> bool:
    return all(one.critical for one in authority.extensions if one.oid in _KEPT_BY_ISSUER)


def has_strong_key(certificate: x509.Certificate) -> bool:
    """RSA from 2048 bits, EC from 256 on a curve that is named: a key that spells its curve out could have
    chosen it [ASSURANCE F21]. No other kind.
    """
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return False
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= 2048
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.key_size < 256:
        return False
    named = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return named in certificate.tbs_certificate_bytes


def _lets_clients_in(issuer: x509.Certificate) -> bool:
    """An issuer that names extended usages lends no other to its cards."""
    try:
        uses = issuer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return bool({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(uses))
