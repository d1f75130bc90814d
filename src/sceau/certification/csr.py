"""Certification requests (PKCS #10): a public key, and the proof that its sender holds the private half [RFC
2986].

Decides whether the file is one strict request, whether its key has a form that is open, and whether it is
signed by that key. Two parsers read it, ours and the library's, and must agree [T65]. What else the request
asks for is judged in `csr_contents` and `csr_names`; whether the key may be certified, and until when, in
`keys`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.certification.alternative_names import AlternativeName
from sceau.certification.armour import NoDerError, Trouble, read_element, take_der
from sceau.certification.csr_contents import Contents, read_attributes, read_subject
from sceau.certification.csr_parts import Parts, divide, divide_read
from sceau.certification.csr_signature import Scheme, possession_findings, read_scheme
from sceau.certification.der import Flaw, NotStrictError
from sceau.certification.keys import SubjectKey, read_shape
from sceau.vocabulary import Finding, Reading, errors, read_ok, read_refused

_SUBJECT = "csr"
_LABELS = frozenset({"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"})
_LIBRARY_REFUSALS = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class CertificationRequest:
    """A strict request whose sender holds the private key. Only `key` is certified, its octets as they came.

    `common_names` (one at most) and `alternative_names` are what it asks for: to compare, never to copy.
    """

    der: bytes
    key: SubjectKey
    common_names: tuple[str, ...]
    alternative_names: tuple[AlternativeName, ...]


def read_csr(data: bytes, *, form: str | None = None) -> Reading[CertificationRequest]:
    """The request in a file of at most 16 KiB: PEM (whatever stands around it), base64 alone, or DER.

    `form` is ``pem`` or ``der`` when the sender said which, None to find out. Refuses with every `csr.*` and
    `key.*` finding at once; what is dropped from an accepted request is told in warnings and notes.
    """
    return look_into(data, Contents(), form=form)


def look_into(data: bytes, contents: Contents, *, form: str | None = None) -> Reading[CertificationRequest]:
    """`read_csr`, leaving in `contents` the names asked for even when the request is refused."""
    try:
        der = take_der(data, _LABELS, form=form)
        return _judge(der, divide(der) or divide_read(read_element(der)), contents)
    except NoDerError as problem:
        return read_refused(_not_a_request(problem))
    except NotStrictError as problem:
        return read_refused(*contents.findings, _not_strict(problem))


def _judge(der: bytes, parts: Parts, contents: Contents) -> Reading[CertificationRequest]:
    if parts.version != 0:
        contents.findings.append(Finding.error("csr.version", _SUBJECT, version=parts.version + 1))
    read_subject(parts.subject, contents)
    read_attributes(parts.attributes, contents)
    shape = read_shape(parts.key)
    scheme = parts.algorithm if isinstance(parts.algorithm, Scheme) else read_scheme(parts.algorithm)
    if isinstance(scheme, Finding):
        contents.findings.append(scheme)
    elif shape.value is not None:
        contents.findings.extend(possession_findings(scheme, shape.value, parts.signature, parts.info))
    contents.findings.extend(shape.findings)
    if shape.value is None or errors(contents.findings):
        return read_refused(*contents.findings)
    if not _library_agrees(der, parts.info, parts.signature, contents):
        return read_refused(*contents.findings, Finding.error("csr.parsers-differ", _SUBJECT))
    names = tuple(contents.common_names), tuple(contents.alternative_names)
    return read_ok(CertificationRequest(der, shape.value, *names), *contents.findings)


def _library_agrees(der: bytes, info: bytes, signature: bytes, contents: Contents) -> bool:
    """Whether the library reads the same request: same signed octets, same signature, same extensions and
    names.
    """
    try:
        theirs = x509.load_der_x509_csr(der)
        extensions = [(extension.oid.dotted_string, extension.critical) for extension in theirs.extensions]
        names = _names_of(theirs) if extensions else 0
    except _LIBRARY_REFUSALS:
        return False
    return (
        theirs.tbs_certrequest_bytes == info
        and theirs.signature == signature
        and theirs.public_bytes(Encoding.DER) == der
        and extensions == [(mine.oid, mine.critical) for mine in contents.extensions]
        and names == len(contents.alternative_names)
    )


def _names_of(theirs: x509.CertificateSigningRequest) -> int:
    try:
        return len(list(theirs.extensions.get_extension_for_class(x509.SubjectAlternativeName).value))
    except x509.ExtensionNotFound:
        return 0


def _not_a_request(problem: NoDerError) -> Finding:
    if problem.trouble is Trouble.PRIVATE_KEY:
        return Finding.error("csr.private-key", _SUBJECT)
    if problem.trouble is Trouble.EMPTY:
        return Finding.error("csr.empty", _SUBJECT)
    if problem.trouble is Trouble.TOO_LONG:
        return Finding.error("csr.too-long", _SUBJECT)
    if problem.trouble is Trouble.SEVERAL:
        return Finding.error("csr.several-blocks", _SUBJECT)
    if problem.trouble is Trouble.OTHER:
        return Finding.error("csr.other-block", _SUBJECT, label=problem.label)
    return Finding.error("csr.unreadable", _SUBJECT)


def _not_strict(problem: NotStrictError) -> Finding:
    place = problem.offset
    if problem.flaw is Flaw.TRAILING:
        return Finding.error("csr.trailing-octets", _SUBJECT, offset=place)
    if problem.flaw is Flaw.TRUNCATED:
        return Finding.error("csr.truncated", _SUBJECT, offset=place)
    if problem.flaw is Flaw.DEPTH:
        return Finding.error("csr.too-deep", _SUBJECT, offset=place)
    if problem.flaw is Flaw.STRING:
        return Finding.error("csr.malformed-string", _SUBJECT, offset=place)
    if problem.flaw is Flaw.SHAPE:
        return Finding.error("csr.not-a-request", _SUBJECT, offset=place)
    return Finding.error("csr.not-strict-der", _SUBJECT, flaw=problem.flaw, offset=place)
