"""What a request asks for beside its key: subject, extensions, other attributes [décision 8; F27, F33, F36,
T26, T27].

Nothing of it enters a certificate. It is read all the same, strictly, so that a request that asks for what
its sender may not have is refused rather than quietly put right: names (compared in `csr_names`), CA powers,
critical extensions nobody here understands, two answers to one question. The rest is dropped, and told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sceau.certification.alternative_names import AlternativeName, read_alternative_names
from sceau.certification.der import (
    BMP,
    BOOLEAN,
    INTEGER,
    PRINTABLE,
    SET,
    TELETEX,
    TEXT_TAGS,
    UNIVERSAL,
    UTF8,
    Flaw,
    Node,
    NotStrictError,
    ordered,
    parse,
)
from sceau.vocabulary import Finding, displayed

_SUBJECT = "csr"
EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
_MICROSOFT_EXTENSIONS = "1.3.6.1.4.1.311.2.1.14"
_MICROSOFT_PAIRS = "1.3.6.1.4.1.311.13.2.1"
_CHALLENGE_PASSWORD = "1.2.840.113549.1.9.7"  # noqa: S105 — the identifier of an attribute, no password
_MICROSOFT_ARC = "1.3.6.1.4.1.311."

_COMMON_NAME, _COUNTRY = "2.5.4.3", "2.5.4.6"
_BASIC_CONSTRAINTS, _KEY_USAGE, _EXTENDED_KEY_USAGE, _SAN = "2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.17"
_DIRECTORY_STRINGS = frozenset({TELETEX, PRINTABLE, UNIVERSAL, UTF8, BMP})
# Attributes whose syntax is DirectoryString [RFC 5280 §A.1, X.520].
_DIRECTORY_ATTRIBUTES = frozenset(
    f"2.5.4.{arc}" for arc in (3, 4, 7, 8, 9, 10, 11, 12, 17, 18, 41, 42, 43, 44, 65)
)
# Extensions that our own profiles write, from other sources: understood, hence dropped even when critical.
_UNDERSTOOD = frozenset(
    {
        _BASIC_CONSTRAINTS,
        _KEY_USAGE,
        _EXTENDED_KEY_USAGE,
        _SAN,
        "2.5.29.14",  # subjectKeyIdentifier
        "2.5.29.16",  # privateKeyUsagePeriod
        "2.5.29.31",  # cRLDistributionPoints
        "2.5.29.32",  # certificatePolicies
        "2.5.29.35",  # authorityKeyIdentifier
        "2.5.29.46",  # freshestCRL
        "1.3.6.1.5.5.7.1.1",  # authorityInfoAccess
    }
)


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension as asked for; `value` is the content of its OCTET STRING."""

    oid: str
    critical: bool
    value: bytes


@dataclass(slots=True)
class Contents:
    """What was read so far, filled part by part; `findings` gathers everything that was seen."""

    common_names: list[str] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    alternative_names: list[AlternativeName] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_subject(name: Node, into: Contents) -> None:
    """The subject: its CNs are kept for comparison, the rest is named as dropped. `NotStrictError` for
    another shape.
    """
    dropped = []
    for rdn in name.sequence(0, 200):
        for attribute in rdn.expect(SET).children:
            kind, value = attribute.sequence(2)
            oid = kind.oid()
            _check_string(oid, value, into)
            if oid == _COMMON_NAME and value.tag in TEXT_TAGS:
                into.common_names.append(value.text())
            elif oid != _COMMON_NAME:
                dropped.append(_ATTRIBUTE_NAMES.get(oid, oid))
        if not rdn.children:
            raise NotStrictError(Flaw.SHAPE, rdn.start)
    if len(into.common_names) > 1:
        into.findings.append(
            Finding.error("csr.several-common-names", _SUBJECT, count=len(into.common_names))
        )
    if dropped:
        into.findings.append(
            Finding.info("csr.subject-dropped", _SUBJECT, attributes=", ".join(dict.fromkeys(dropped)))
        )


def _check_string(oid: str, value: Node, into: Contents) -> None:
    allowed = frozenset({PRINTABLE}) if oid == _COUNTRY else _DIRECTORY_STRINGS
    if (oid == _COUNTRY or oid in _DIRECTORY_ATTRIBUTES) and value.tag not in allowed:
        into.findings.append(
            Finding.error("csr.string-type", _SUBJECT, attribute=_ATTRIBUTE_NAMES.get(oid, oid))
        )
    if value.tag in TEXT_TAGS and any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in value.text()):
        into.findings.append(
            Finding.error("csr.control-character", _SUBJECT, attribute=_ATTRIBUTE_NAMES.get(oid, oid))
        )


def read_attributes(attributes: Node, into: Contents) -> None:
    """The attributes of the request: one extensionRequest at most, the others told and dropped."""
    if not attributes.children:
        return
    ordered(attributes.children, attributes.start)
    seen: set[str] = set()
    for attribute in attributes.children:
        kind, values = attribute.sequence(2)
        oid = kind.oid()
        if not values.expect(SET).children:
            raise NotStrictError(Flaw.SHAPE, values.start)
        if oid == EXTENSION_REQUEST:
            _read_extension_request(values, into, again=oid in seen)
        else:
            _read_other_attribute(oid, values, into, again=oid in seen)
        seen.add(oid)
    _judge_extensions(into)


def _read_extension_request(values: Node, into: Contents, *, again: bool) -> None:
    if again or len(values.children) != 1:
        into.findings.append(Finding.error("csr.two-extension-requests", _SUBJECT))
    for value in values.children:
        into.extensions.extend(_read_extension(each) for each in value.sequence(1, 200))


def _read_other_attribute(oid: str, values: Node, into: Contents, *, again: bool) -> None:
    found = into.findings
    if again:
        found.append(Finding.error("csr.attribute-twice", _SUBJECT, attribute=oid))
    elif oid == _MICROSOFT_EXTENSIONS:
        found.append(Finding.error("csr.microsoft-extensions", _SUBJECT))
    elif oid == _MICROSOFT_PAIRS and _names_a_san(values):
        found.append(Finding.error("csr.microsoft-names", _SUBJECT))
    elif oid == _CHALLENGE_PASSWORD:
        found.append(Finding.warning("csr.challenge-password", _SUBJECT))
    elif oid.startswith(_MICROSOFT_ARC):
        found.append(Finding.info("csr.microsoft-attribute", _SUBJECT, attribute=oid))
    else:
        found.append(Finding.warning("csr.attribute-dropped", _SUBJECT, attribute=oid))


def _names_a_san(values: Node) -> bool:
    """EnrollmentNameValuePair: the pair ``SAN = dns=…`` is how names are slipped past a Microsoft CA."""
    for value in values.children:
        name, _ = value.sequence(2)
        if name.text().strip().lower() == "san":
            return True
    return False


def _read_extension(node: Node) -> Extension:
    parts = node.sequence(2, 3)
    if len(parts) == 3 and (parts[1].tag != BOOLEAN or parts[1].content == b"\x00"):
        raise NotStrictError(Flaw.VALUE, parts[1].start)  # DEFAULT FALSE is left out in DER [X.690 §11.5]
    return Extension(parts[0].oid(), len(parts) == 3, parts[-1].octets())


def _judge_extensions(into: Contents) -> None:
    seen: set[str] = set()
    for extension in into.extensions:
        if extension.oid in seen:
            into.findings.append(_twice(extension.oid))
            continue
        seen.add(extension.oid)
        try:
            _judge_extension(extension, into)
        except NotStrictError as problem:
            into.findings.append(
                Finding.error(
                    "csr.malformed-extension",
                    _SUBJECT,
                    extension=_extension_name(extension.oid),
                    flaw=problem.flaw,
                )
            )


def _twice(oid: str) -> Finding:
    if oid == _SAN:
        return Finding.error("csr.two-alternative-names", _SUBJECT)
    return Finding.error("csr.extension-twice", _SUBJECT, extension=_extension_name(oid))


def _judge_extension(extension: Extension, into: Contents) -> None:
    name = _extension_name(extension.oid)
    if extension.critical and extension.oid not in _UNDERSTOOD:
        into.findings.append(Finding.error("csr.critical-extension", _SUBJECT, extension=name))
    elif extension.oid == _SAN:
        into.alternative_names.extend(read_alternative_names(extension.value))
    elif extension.oid == _BASIC_CONSTRAINTS:
        _judge_basic_constraints(extension.value, into)
    elif extension.oid in (_KEY_USAGE, _EXTENDED_KEY_USAGE):
        _check_usage(extension)
        into.findings.append(Finding.info("csr.usage-dropped", _SUBJECT, extension=name))
    else:
        into.findings.append(_drop(extension, name))


def _drop(extension: Extension, name: str) -> Finding:
    """One that our profiles write anyway is a note; another is a warning: somebody may have counted on it."""
    if extension.oid in _EXTENSION_NAMES:
        parse(extension.value)
    if extension.oid in _UNDERSTOOD:
        return Finding.info("csr.extension-dropped", _SUBJECT, extension=name)
    return Finding.warning("csr.extension-dropped", _SUBJECT, extension=name)


def _judge_basic_constraints(value: bytes, into: Contents) -> None:
    parts = parse(value).sequence(0, 2)
    if not parts:
        return
    if parts[0].tag != BOOLEAN or parts[0].content == b"\x00":
        raise NotStrictError(Flaw.VALUE, parts[0].start)
    if len(parts) == 2 and parts[1].expect(INTEGER).integer() < 0:
        raise NotStrictError(Flaw.VALUE, parts[1].start)
    into.findings.append(Finding.error("csr.asks-to-be-an-authority", _SUBJECT))


def _check_usage(extension: Extension) -> None:
    """KeyUsage: a named-bit list, hence without zero bits at its end [X.690 §11.2.2]. EKU: one OID at
    least.
    """
    node = parse(extension.value)
    if extension.oid == _EXTENDED_KEY_USAGE:
        for purpose in node.sequence(1, 100):
            purpose.oid()
        return
    bits = node.expect(0x03).content
    if len(bits) > 1 and not bits[-1] >> bits[0] & 1:
        raise NotStrictError(Flaw.VALUE, node.start)


def _extension_name(oid: str) -> str:
    return _EXTENSION_NAMES.get(oid, displayed(oid))


_ATTRIBUTE_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.42": "GN",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "1.2.840.113549.1.9.1": "emailAddress",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}
_EXTENSION_NAMES = {
    "2.5.29.9": "subjectDirectoryAttributes",
    "2.5.29.14": "subjectKeyIdentifier",
    "2.5.29.15": "keyUsage",
    "2.5.29.16": "privateKeyUsagePeriod",
    "2.5.29.17": "subjectAltName",
    "2.5.29.18": "issuerAltName",
    "2.5.29.19": "basicConstraints",
    "2.5.29.30": "nameConstraints",
    "2.5.29.31": "cRLDistributionPoints",
    "2.5.29.32": "certificatePolicies",
    "2.5.29.33": "policyMappings",
    "2.5.29.35": "authorityKeyIdentifier",
    "2.5.29.36": "policyConstraints",
    "2.5.29.37": "extendedKeyUsage",
    "2.5.29.46": "freshestCRL",
    "2.5.29.54": "inhibitAnyPolicy",
    "1.3.6.1.5.5.7.1.1": "authorityInfoAccess",
    "1.3.6.1.5.5.7.1.3": "qcStatements",
    "1.3.6.1.5.5.7.1.11": "subjectInfoAccess",
    "1.3.6.1.5.5.7.1.24": "tlsFeature",
    "1.3.6.1.5.5.7.48.1.5": "ocspNoCheck",
    "1.3.6.1.4.1.11129.2.4.3": "CT poison",
    "1.3.6.1.4.1.11129.2.4.2": "CT SCT list",
}
