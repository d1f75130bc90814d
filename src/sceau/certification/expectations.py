"""What the examiner expects to find, said in the library's words and encoded by the library.

Each function gives the expected part for a rule of `rules`; none imports the writer, the mould or the
subject's builder. Kept apart from `examine` only for length.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

from sceau.catalogue import Catalogue, Environment
from sceau.certification.alternative_names import NameKind, read_alternative_names
from sceau.certification.der import PRINTABLE, UTF8, parse
from sceau.certification.draft import IssuerFacts
from sceau.certification.reading import ReadCertificate
from sceau.certification.rules import Layout, Names, Rule
from sceau.registration import EmployeeSubject, Name, ProfessionalSubject, StructureSubject, Subject
from sceau.vocabulary import HostName, Mailbox, StructureId, Term, read_host_name, read_mailbox

Wanted = tuple[bool, bytes]
Rdn = frozenset[tuple[str, int, str]]
_C, _ST, _O, _OU, _CN = "2.5.4.6", "2.5.4.8", "2.5.4.10", "2.5.4.11", "2.5.4.3"
_TITLE, _GN, _SN = "2.5.4.12", "2.5.4.42", "2.5.4.4"
_TYPES = {
    oid: bytes((0x06, 0x03, 0x55, 0x04, int(oid[6:]), UTF8)) for oid in (_ST, _O, _OU, _CN, _TITLE, _GN, _SN)
}
COMMON_NAME = _TYPES[_CN]
"""CN in UTF8String, as the shapes have it."""
_UPN = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_CATEGORY, _PROFESSION, _SPECIALITY = "1.2.250.1.71.1.2.5", "1.2.250.1.71.1.2.7", "1.2.250.1.71.4.2.5"
_SOFTWARE = 3
_ORGANISATION_LENGTH = 40
_LAYOUTS: dict[Layout, list[set[str]]] = {
    Layout.STRUCTURE: [{_C}, {_ST}, {_O}, {_OU}, {_CN}],
    Layout.PROFESSIONAL: [{_C}, {_TITLE}, {_GN, _CN, _SN}],
    Layout.EMPLOYEE: [{_C}, {_ST}, {_O}, {_OU}, {_TITLE}, {_GN, _CN, _SN}],
}


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a draft stands: its issuer, that issuer's certificate, the environment with its addresses."""

    issuer: IssuerFacts
    authority: x509.Certificate
    environment: Environment
    catalogue: Catalogue


def setting_of(issuer: IssuerFacts, catalogue: Catalogue) -> Setting:
    """The setting of an issuer. Raises ValueError when its certificate can't be read."""
    environment = issuer.addresses or catalogue.environments[issuer.environment]
    return Setting(issuer, x509.load_der_x509_certificate(issuer.certificate), environment, catalogue)


def life(at: datetime, end: datetime, term: Term) -> tuple[datetime, datetime]:
    """Three calendar years less a second from `at`, or one day less a second, the issuer's end at the latest
    [décision 12, F04, F05].
    """
    begin = at.replace(microsecond=0)
    if term is Term.DAY:
        return begin, min(begin + timedelta(hours=23, minutes=59, seconds=59), end)
    try:
        anniversary = begin.replace(year=begin.year + 3)
    except ValueError:  # 29 February
        anniversary = begin.replace(year=begin.year + 3, day=28)
    return begin, min(anniversary - timedelta(seconds=1), end)


Dates = tuple[bytes, bytes, bytes, bytes]


@lru_cache(maxsize=64)
def dates(at: datetime, certificate: bytes, term: Term) -> Dates:
    """The same under the issuer whose certificate this is, as validity and then as period are encoded."""
    begin, end = life(at, _end_of(certificate), term)
    validity = [f"{one:%y%m%d%H%M%SZ}" if one.year < 2050 else f"{one:%Y%m%d%H%M%SZ}" for one in (begin, end)]
    period = [f"{one:%Y%m%d%H%M%SZ}" for one in (begin, end)]
    first, second, third, fourth = (text.encode("ascii") for text in (*validity, *period))
    return first, second, third, fourth


@lru_cache(maxsize=64)
def _end_of(certificate: bytes) -> datetime:
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc


def subject(holder: Subject, layout: Layout) -> list[Rdn]:
    """The RDNs of a holder, in order; an empty list, which nothing equals, when holder and layout don't go
    together.
    """
    if isinstance(holder, StructureSubject) and layout is Layout.STRUCTURE:
        return [*_structure(holder), _one(_CN, holder.common_name)]
    if isinstance(holder, EmployeeSubject) and layout is Layout.EMPLOYEE:
        return [*_structure(holder), _one(_TITLE, holder.title), _person(holder)]
    if isinstance(holder, ProfessionalSubject) and layout is Layout.PROFESSIONAL:
        return [_country(), _one(_TITLE, holder.title), _person(holder)]
    return []


def values(holder: Subject, layout: Layout) -> dict[bytes, bytes] | None:
    """The same, the country apart, by attribute type and string tag as encoded; None when holder and layout
    don't go together.
    """
    if isinstance(holder, StructureSubject) and layout is Layout.STRUCTURE:
        fixed = _of_structure(holder.department, holder.organisation, holder.structure_id)
        return {**fixed, _TYPES[_CN]: holder.common_name.encode()}
    rdns = subject(holder, layout)
    return {_TYPES[oid]: text.encode() for rdn in rdns[1:] for oid, _, text in rdn} if rdns else None


def has_layout(rdns: tuple[Rdn, ...], layout: Layout) -> bool:
    """Whether the attributes are those of the layout, in order, C in PrintableString and the others in
    UTF8String.
    """
    kinds = [{oid for oid, _, _ in rdn} for rdn in rdns]
    tags = all(tag == (PRINTABLE if oid == _C else UTF8) for rdn in rdns for oid, tag, _ in rdn)
    return kinds == _LAYOUTS[layout] and tags and rdns[0] == _country()


def common_name_is_first_host(read: ReadCertificate) -> bool:
    """A server's CN is the first of its names [F25]."""
    names = read.extensions.get("2.5.29.17")
    hosts = [entry.value for entry in read_alternative_names(names.value)] if names else []
    common = [text for rdn in read.subject for oid, _, text in rdn if oid == _CN]
    return bool(hosts) and common == hosts[:1]


def extensions(rule: Rule, read: ReadCertificate, setting: Setting) -> dict[str, Wanted]:
    """All but names and private extensions, for the key and the dates that `read` shows."""
    bits = parse(read.spki).children[1].bits()
    wanted = dict(_fixed(rule, setting, is_rsa=isinstance(read.library.public_key(), rsa.RSAPublicKey)))
    identifier = hashlib.sha1(bits, usedforsecurity=False).digest()
    wanted["2.5.29.14"] = (False, x509.SubjectKeyIdentifier(identifier).public_bytes())
    if rule.period:
        begin, end = read.library.not_valid_before_utc, read.library.not_valid_after_utc
        period = x509.PrivateKeyUsagePeriod(begin.replace(tzinfo=None), end.replace(tzinfo=None))
        wanted["2.5.29.16"] = (False, period.public_bytes())
    return wanted


@lru_cache(maxsize=256)
def _fixed(rule: Rule, setting: Setting, *, is_rsa: bool) -> tuple[tuple[str, Wanted], ...]:
    authority, environment, catalogue = setting.authority, setting.environment, setting.catalogue
    issuing = catalogue.issuers[rule.issuer]
    identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    policy = environment.single_policy_oid or rule.policy
    address = x509.PolicyInformation(x509.ObjectIdentifier(policy), [environment.policy_uri])
    generation = setting.issuer.generation
    file = issuing.file + (f"-G{generation}" if generation > 1 else "") + environment.file_suffix
    entry = _entry(rule.issuer, environment, catalogue)
    lists = _lists(f"{environment.crl_base}/{file}", entry, partition=setting.issuer.partition)
    values: list[tuple[bool, x509.ExtensionType]] = [
        (False, x509.BasicConstraints(ca=False, path_length=None)),
        (False, x509.AuthorityKeyIdentifier(identifier, None, None)),
        (True, _usage(rule.usages, is_rsa=is_rsa)),
        (False, x509.CertificatePolicies([address])),
        (False, x509.ExtendedKeyUsage([x509.ObjectIdentifier(purpose) for purpose in rule.purposes])),
        (False, x509.CRLDistributionPoints([_point(place) for place in lists])),
        (False, _access(environment, f"{environment.ca_issuers_base}/{file}.cer")),
    ]
    if deltas := _deltas(f"{environment.crl_base}/{file}", entry, partition=setting.issuer.partition):
        values.append((False, x509.FreshestCRL([_point(place) for place in deltas])))
    return tuple((value.oid.dotted_string, (critical, value.public_bytes())) for critical, value in values)


def _lists(stem: str, entry: str, *, partition: int | None) -> list[str]:
    """Where the list lies that tells of the certificate's end; `partition` None is the complete one."""
    part = "" if partition is None else f"-P{partition}"  # see also `mould._addresses`
    return [f"{stem}{part}.crl"] + (
        [f"{entry}?certificaterevocationlist;binary?base?objectClass=pkiCA"] if entry else []
    )


def _deltas(stem: str, entry: str, *, partition: int | None) -> list[str]:
    """Where its deltas lie: a partition's beside it, the complete list's in the directory if there is one."""
    parts = [] if partition is None else [f"{stem}-P{partition}-DELTA.crl"]
    return parts + ([f"{entry}?deltarevocationlist;binary?base?objectClass=pkiCA"] if entry else [])


def names(kind: Names, wanted: tuple[Name, ...]) -> dict[str, Wanted]:
    """The subjectAltName with exactly these names, in order."""
    if kind is Names.NOTHING:
        return {}
    entries = [_entry_of(kind, name) for name in wanted]
    present = [entry for entry in entries if entry is not None]
    if not present or len(present) != len(entries):
        return {"2.5.29.17": (False, b"")}  # equals nothing: such names can't be there
    return {"2.5.29.17": (False, x509.SubjectAlternativeName(present).public_bytes())}


def texts(kind: Names, wanted: tuple[Name, ...]) -> tuple[bytes, ...] | None:
    """The same as the contents of the entries; None for names that can't be there."""
    if kind is Names.NOTHING:
        return ()
    its_kind = HostName if kind is Names.HOSTS else Mailbox
    if not wanted or not all([isinstance(name, its_kind) for name in wanted]):
        return None
    return tuple([name.text.encode("ascii") for name in wanted])


def are_canonical(kind: Names, seen: tuple[bytes, ...]) -> bool:
    """Whether each of these contents of entries is a canonical name of the kind."""
    read = read_host_name if kind is Names.HOSTS else read_mailbox
    for octets in seen:
        text = octets.decode("ascii", "replace")
        name = read(text).value
        if name is None or name.text != text:
            return False
    return bool(seen) is not (kind is Names.NOTHING)


def seen_names(kind: Names, read: ReadCertificate) -> dict[str, Wanted]:
    """The subjectAltName that is there, provided all its entries are canonical and of the kind."""
    seen = read.extensions.get("2.5.29.17")
    if seen is None or kind is Names.NOTHING:
        return names(kind, ())
    wanted: list[Name] = []
    for entry in read_alternative_names(seen.value):
        reads_host = kind is Names.HOSTS and entry.kind is NameKind.DNS
        reading = read_host_name(entry.value) if reads_host else read_mailbox(entry.value)
        if reading.value is not None:
            wanted.append(reading.value)
    return names(kind, tuple(wanted))


def private(holder: Subject, environment: Environment) -> dict[str, Wanted]:
    """Product category for all; profession and specialities for a professional [IGC-SANTE 2.5]."""
    wanted = _category(environment)
    if isinstance(holder, ProfessionalSubject):
        code = holder.profession_code
        wanted[_PROFESSION] = (
            False,
            bytes((0x02, code.bit_length() // 8 + 1)) + code.to_bytes(code.bit_length() // 8 + 1),
        )
        if holder.specialities:
            texts = [text.encode() for text in holder.specialities]
            content = b"".join(bytes((UTF8, len(text))) + text for text in texts)
            wanted[_SPECIALITY] = (False, bytes((0x30, len(content))) + content)
    return wanted


def seen_private(layout: Layout, read: ReadCertificate, environment: Environment) -> dict[str, Wanted]:
    """The category, and for a professional the profession that is there: an integer, and codes that are short
    texts.
    """
    wanted = _category(environment)
    if layout is not Layout.PROFESSIONAL:
        return wanted
    profession = read.extensions.get(_PROFESSION)
    if profession is None or not 0 < parse(profession.value).integer() < 1000:
        wanted[_PROFESSION] = (False, b"")
    else:
        wanted[_PROFESSION] = (False, profession.value)
    specialities = read.extensions.get(_SPECIALITY)
    if specialities is not None and all(
        node.tag == UTF8 and len(node.content) <= 16 for node in parse(specialities.value).sequence(1, 20)
    ):
        wanted[_SPECIALITY] = (False, specialities.value)
    return wanted


def _category(environment: Environment) -> dict[str, Wanted]:
    return {_CATEGORY: (False, bytes((0x04, 0x01, _SOFTWARE | environment.category_offset)))}


def _structure(holder: StructureSubject | EmployeeSubject) -> list[Rdn]:
    return _structure_rdns(holder.department, holder.organisation, holder.structure_id)


def _structure_rdns(department: str, organisation: str, identifier: StructureId) -> list[Rdn]:
    name = unicodedata.normalize("NFC", organisation)[:_ORGANISATION_LENGTH].rstrip()
    return [
        _country(),
        _one(_ST, department),
        _one(_O, name),
        _one(_OU, identifier.kind + identifier.number),
    ]


@lru_cache(maxsize=256)  # a structure asks for many
def _of_structure(department: str, organisation: str, identifier: StructureId) -> dict[bytes, bytes]:
    """The values of a structure's subject that every certificate of it has; not to be changed."""
    rdns = _structure_rdns(department, organisation, identifier)
    return {_TYPES[oid]: text.encode() for rdn in rdns[1:] for oid, _, text in rdn}


def _person(holder: ProfessionalSubject | EmployeeSubject) -> Rdn:
    attributes = ((_GN, holder.given_names), (_CN, holder.national_id.text), (_SN, holder.surname))
    return frozenset((oid, UTF8, text) for oid, text in attributes)


def _country() -> Rdn:
    return frozenset({(_C, PRINTABLE, "FR")})


def _one(oid: str, text: str) -> Rdn:
    return frozenset({(oid, UTF8, text)})


def _entry_of(kind: Names, name: Name) -> x509.GeneralName | None:
    if kind is Names.HOSTS and isinstance(name, HostName):
        return x509.DNSName(name.text)
    if kind is Names.MAILBOXES and isinstance(name, Mailbox):
        return x509.RFC822Name(name.text)
    if kind is Names.UPN and isinstance(name, Mailbox):
        text = name.text.encode("ascii")
        length = bytes((len(text),)) if len(text) < 0x80 else bytes((0x81, len(text)))
        return x509.OtherName(_UPN, bytes((UTF8,)) + length + text)
    return None


def _usage(usages: frozenset[str], *, is_rsa: bool) -> x509.KeyUsage:
    """On a curve, agreement takes the place of encipherment [RFC 8813 §3]."""
    enciphers = "key_encipherment" in usages
    return x509.KeyUsage(
        digital_signature="digital_signature" in usages,
        content_commitment="content_commitment" in usages,
        key_encipherment=enciphers and is_rsa,
        data_encipherment=False,
        key_agreement=enciphers and not is_rsa,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _point(address: str) -> x509.DistributionPoint:
    return x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None)


def _access(environment: Environment, certificate: str) -> x509.AuthorityInformationAccess:
    ocsp = x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(environment.ocsp)
    )
    issuers = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(certificate)
    )
    return x509.AuthorityInformationAccess([ocsp, issuers])


def _entry(code: str, environment: Environment, catalogue: Catalogue) -> str:
    """The issuing authority's entry in the directory [IGC-SANTE 1.3]; empty where there is no directory."""
    if environment.ldap_base is None:
        return ""
    issuing = catalogue.issuers[code]
    root = catalogue.issuers[issuing.parent or code]
    prefix = environment.common_name_prefix
    first, *others = environment.organisational_units
    units = ",".join(f"ou={_quoted(unit)}" for unit in (*reversed(others), first))
    names_ = f"cn={_quoted(prefix + issuing.common_name)},ou={_quoted(prefix + root.common_name)}"
    return f"{environment.ldap_base}/{names_},{units},o={_quoted(environment.organisation)},c=FR"


def _quoted(text: str) -> str:
    """What may not stand in an address by itself, octet by octet [RFC 3986 §2.1]."""
    octets = re.sub(rb"[^A-Za-z0-9._~-]", lambda found: b"%%%02X" % found[0][0], text.encode())
    return octets.decode("ascii")
