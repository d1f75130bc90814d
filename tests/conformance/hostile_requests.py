"""Requests that must be refused, each for a reason of its own, and requests that must not be.

Written from the published cases and standards: one octet string a case, the names asked for beside it, and
the code of the finding that has to be among those given. `csr_cases` is the whole; the test counts them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from sceau.registration.naming import Name
from sceau.vocabulary import ApplicationName, HostName, Mailbox
from tests.authority import private_key, spki_of, tlv
from tests.requests import (
    BASIC_CONSTRAINTS,
    CRITICAL,
    ECDSA_SHA256,
    EKU,
    KEY_USAGE,
    RSA_SHA256,
    asking,
    attribute,
    common_name,
    csr,
    dns,
    extension,
    extension_request,
    info,
    integer,
    oid,
    pem,
    request_attribute,
    san,
    sign,
)

HOST = HostName("www.mon-domaine.fr")
OTHER = HostName("api.mon-domaine.fr")
MAILBOX = Mailbox("contact", HostName("mon-domaine.fr"))
UPN = "1.3.6.1.4.1.311.20.2.3"


@dataclass(frozen=True)
class Case:
    """A request and what must be said of it: `code` None means accepted."""

    name: str
    data: bytes
    code: str | None
    names: tuple[Name, ...] = field(default=(HOST,))
    product: str = "SERV_SSL"
    form: str | None = None


def csr_cases() -> list[Case]:
    """All of them."""
    groups = (
        _armour(),
        _private_keys(),
        _der(),
        _structure(),
        _strings(),
        _subjects(),
        _common_names(),
        _alternative_names(),
        _smuggled(),
        _attributes(),
        _possession(),
        _keys(),
        _accepted(),
        _accepted_names(),
    )
    return [case for group in groups for case in group]


def _armour() -> Iterator[Case]:
    good = csr()
    text = pem(good)
    yield Case("nothing", b"", "csr.empty")
    yield Case("spaces", b" \r\n\t", "csr.empty")
    yield Case("two blocks", text + text, "csr.several-blocks")
    yield Case("two blocks, one a certificate", text + pem(good, "CERTIFICATE"), "csr.several-blocks")
    yield Case("a certificate", pem(good, "CERTIFICATE"), "csr.other-block")
    yield Case(
        "a public key", pem(spki_of(private_key("ec:P-256", "request")), "PUBLIC KEY"), "csr.other-block"
    )
    yield Case("no end", text.split(b"-----END")[0], "csr.unreadable")
    yield Case("no beginning", text.split(b"-----\n", 1)[1], "csr.unreadable")
    yield Case("end of another", text.replace(b"END CERTIFICATE", b"END NEW CERTIFICATE"), "csr.unreadable")
    yield Case(
        "end first", b"-----END CERTIFICATE REQUEST-----\n" + text.split(b"-----END")[0], "csr.unreadable"
    )
    yield Case("PEM headers", text.replace(b"\n", b"\nProc-Type: 4\n\n", 1), "csr.unreadable")
    yield Case("a character off the alphabet", text.replace(b"\nM", b"\n*", 1), "csr.unreadable")
    yield Case(
        "the alphabet of URLs", base64.urlsafe_b64encode(good + b"\xff\xfe\xfb\xef\xff"), "csr.unreadable"
    )
    yield Case("padding lost", base64.b64encode(_of_length(1)).rstrip(b"="), "csr.unreadable")
    yield Case("padding added", base64.b64encode(_of_length(0)) + b"=", "csr.unreadable")
    yield Case("stray bits in the last character", _stray_bits(), "csr.unreadable")
    yield Case("UTF-16", text.decode().encode("utf-16"), "csr.unreadable")
    yield Case("too long", text + b"#" * 16384, "csr.too-long")
    yield Case("DER said to be PEM", good, "csr.unreadable", form="pem")
    yield Case("PEM said to be DER", text, "csr.unreadable", form="der")
    yield Case("HTML", b"<html><body>404</body></html>", "csr.unreadable")
    yield Case("an empty block", pem(b""), "csr.unreadable")


def _of_length(rest: int) -> bytes:
    """A request whose length is `rest` modulo 3."""
    subject = ""
    while len(found := csr(subject=[attribute("2.5.4.10", tlv(0x0C, subject.encode()))])) % 3 != rest:
        subject += "x"
    return found


def _stray_bits() -> bytes:
    text = base64.b64encode(_of_length(1)).decode()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = letters[letters.index(text[-3]) | 1]
    return (text[:-3] + last + "==").encode()


def _private_keys() -> Iterator[Case]:
    for kind in ("rsa:2048", "ec:P-256"):
        key = private_key(kind, "request")
        for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
            for encoding in (Encoding.PEM, Encoding.DER):
                data = key.private_bytes(encoding, form, NoEncryption())
                yield Case(f"{kind} {form} {encoding}", data, "csr.private-key")
        locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
        yield Case(f"{kind} encrypted", locked, "csr.private-key")
        bare = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        yield Case(f"{kind} in base64 alone", base64.b64encode(bare), "csr.private-key")
        yield Case(f"{kind} behind a request", pem(csr()) + _as_pem(key), "csr.private-key")
        yield Case(f"{kind} in a request's block", pem(bare), "csr.private-key")
        yield Case(f"{kind} PEM said to be DER", _as_pem(key), "csr.private-key", form="der")


def _as_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _der() -> Iterator[Case]:
    good = csr(subject=[common_name("www.mon-domaine.fr")])
    body = good[4:]
    yield Case("a trailing octet", good + b"\x00", "csr.trailing-octets")
    yield Case("a trailing line feed", good + b"\n", "csr.trailing-octets")
    yield Case("two requests in a row", good + good, "csr.trailing-octets")
    yield Case("cut at the end", good[:-1], "csr.truncated")
    yield Case("cut in the middle", good[: len(good) // 2], "csr.truncated")
    yield Case("an indefinite length", b"\x30\x80" + body + b"\x00\x00", "csr.not-strict-der")
    yield Case("a length of three octets", b"\x30\x83\x00" + good[2:4] + body, "csr.not-strict-der")
    yield Case("a version with a leading zero", sign(info(version=b"\x02\x02\x00\x00")), "csr.not-strict-der")
    yield Case("an empty version", sign(info(version=b"\x02\x00")), "csr.not-strict-der")
    yield Case("nested too deep", sign(_nested(40)), "csr.too-deep")
    yield Case("a long length in the subject", sign(_replaced(b"\x31", b"\x31\x81")), "csr.not-strict-der")
    yield Case("a set out of order", csr(subject=[_set_out_of_order()]), "csr.not-strict-der")
    yield Case("attributes out of order", sign(_attributes_out_of_order()), "csr.not-strict-der")
    yield Case("a boolean of 01", asking(extension(EKU, _eku(), b"\x01\x01\x01")), "csr.not-strict-der")
    yield Case(
        "a default that is written", asking(extension(EKU, _eku(), b"\x01\x01\x00")), "csr.not-strict-der"
    )
    yield Case("unused bits in the signature", _unused_bits(good), "csr.not-strict-der")
    yield Case("an identifier with a padded arc", csr(subject=[_padded_oid()]), "csr.not-strict-der")


def _eku() -> bytes:
    return tlv(0x30, oid("1.3.6.1.5.5.7.3.1"))


def _nested(levels: int) -> bytes:
    deep = b"\x05\x00"
    for _ in range(levels):
        deep = tlv(0x30, deep)
    return info(attributes=[request_attribute("1.2.3.4", deep)])


def _replaced(old: bytes, new: bytes) -> bytes:
    """An info whose subject has `old` replaced once by `new`, lengths outside put right."""
    subject = common_name("www.mon-domaine.fr").replace(old, new, 1)
    return info(subject=[subject])


def _set_out_of_order() -> bytes:
    first, second = (tlv(0x30, oid(kind) + tlv(0x0C, b"x")) for kind in ("2.5.4.11", "2.5.4.10"))
    return tlv(0x31, first + second)


def _attributes_out_of_order() -> bytes:
    parts = sorted([request_attribute("1.2.3.4", b"\x05\x00"), request_attribute("1.2.3.5", b"\x05\x00")])
    whole = info(attributes=parts)
    return whole.replace(parts[0] + parts[1], parts[1] + parts[0])


def _unused_bits(good: bytes) -> bytes:
    at = good.rindex(b"\x03", 0, len(good) - 64)
    return good[: at + 2] + b"\x01" + good[at + 3 :]


def _padded_oid() -> bytes:
    return tlv(0x31, tlv(0x30, b"\x06\x04\x55\x04\x80\x0a" + tlv(0x0C, b"x")))


def _structure() -> Iterator[Case]:
    key = private_key("ec:P-256", "request")
    for value in (1, 2, 3, 65536):
        yield Case(f"version {value}", sign(info(version=integer(value))), "csr.version")
    yield Case("version -1", sign(info(version=b"\x02\x01\xff")), "csr.version")
    yield Case("no attributes field", sign(info(attributes=None)), "csr.not-a-request")
    yield Case(
        "attributes under another tag", sign(info().replace(b"\xa0\x00", b"\xa1\x00")), "csr.not-a-request"
    )
    yield Case("a fifth part", sign(tlv(0x30, info()[2:] + b"\x05\x00")), "csr.not-a-request")
    yield Case("the info alone", info(), "csr.not-a-request")
    yield Case("a public key", spki_of(key), "csr.not-a-request")
    yield Case("an empty SEQUENCE", b"\x30\x00", "csr.not-a-request")
    yield Case("an empty RDN", csr(subject=[b"\x31\x00"]), "csr.not-a-request")
    yield Case(
        "an RDN that is a SEQUENCE", csr(subject=[tlv(0x30, common_name("x")[2:])]), "csr.not-a-request"
    )
    yield Case("an attribute without values", csr(request_attribute("1.2.3.4")), "csr.not-a-request")
    yield Case("an empty list of extensions", csr(extension_request()), "csr.not-a-request")
    yield Case("an extension without its octets", asking(tlv(0x30, oid(EKU))), "csr.not-a-request")
    yield Case(
        "an extension in a bit string", asking(tlv(0x30, oid(EKU) + b"\x03\x01\x00")), "csr.not-a-request"
    )


def _strings() -> Iterator[Case]:
    def name(tag: int, content: bytes, kind: str = "2.5.4.10") -> bytes:
        return csr(subject=[attribute(kind, tlv(tag, content))])

    yield Case("Latin-1 in UTF8String", name(0x0C, b"H\xf4pital"), "csr.malformed-string")
    yield Case("overlong UTF-8", name(0x0C, b"\xc0\xae"), "csr.malformed-string")
    yield Case("a surrogate in UTF-8", name(0x0C, b"\xed\xa0\x80"), "csr.malformed-string")
    yield Case(
        "NUL in UTF8String", name(0x0C, b"www.mon-domaine.fr\x00.evil.fr", "2.5.4.3"), "csr.malformed-string"
    )
    yield Case("NUL in IA5String", name(0x16, b"a\x00@b.fr", "1.2.840.113549.1.9.1"), "csr.malformed-string")
    yield Case(
        "eight bits in IA5String", name(0x16, b"\xe9@b.fr", "1.2.840.113549.1.9.1"), "csr.malformed-string"
    )
    yield Case("an underscore in PrintableString", name(0x13, b"a_b"), "csr.malformed-string")
    yield Case("an asterisk in PrintableString", name(0x13, b"*.mon-domaine.fr"), "csr.malformed-string")
    yield Case("accents in PrintableString", name(0x13, "Hôpital".encode()), "csr.malformed-string")
    yield Case("half a character in BMPString", name(0x1E, b"\x00A\x00"), "csr.malformed-string")
    yield Case("a surrogate in BMPString", name(0x1E, b"\xd8\x3d\xde\x00"), "csr.malformed-string")
    yield Case("UniversalString cut short", name(0x1C, b"\x00\x00\x00A\x00"), "csr.malformed-string")
    yield Case("UniversalString beyond Unicode", name(0x1C, b"\x00\x11\x00\x00"), "csr.malformed-string")
    yield Case("an escape in TeletexString", name(0x14, b"\x1b(Jx"), "csr.malformed-string")
    yield Case("a letter in NumericString", name(0x12, b"12a", "2.5.4.5"), "csr.malformed-string")
    yield Case("C in UTF8String", name(0x0C, b"FR", "2.5.4.6"), "csr.string-type")
    yield Case("C in IA5String", name(0x16, b"FR", "2.5.4.6"), "csr.string-type")
    yield Case("CN in IA5String", name(0x16, b"www.mon-domaine.fr", "2.5.4.3"), "csr.string-type")
    yield Case("CN in an OCTET STRING", name(0x04, b"www.mon-domaine.fr", "2.5.4.3"), "csr.string-type")
    yield Case("O that is an INTEGER", name(0x02, b"\x01"), "csr.string-type")
    yield Case("a line feed in O", name(0x0C, b"A\nB"), "csr.control-character")
    yield Case("a carriage return in CN", name(0x0C, b"A\rB", "2.5.4.3"), "csr.control-character")
    yield Case("a C1 control in O", name(0x0C, "A\u0085B".encode()), "csr.control-character")


def _subjects() -> Iterator[Case]:
    two = [common_name("www.mon-domaine.fr"), common_name("Mon hopital")]
    yield Case("two CNs", csr(subject=two), "csr.several-common-names")
    yield Case("the same CN twice", csr(subject=two[:1] * 2), "csr.several-common-names")
    values = sorted(tlv(0x30, oid("2.5.4.3") + tlv(0x0C, text)) for text in (b"A", b"B"))
    yield Case("two CNs in one RDN", csr(subject=[tlv(0x31, b"".join(values))]), "csr.several-common-names")


def _common_names() -> Iterator[Case]:
    code = "csr.common-name-not-requested"
    for text in (
        "evil.fr",
        "mon-domaine.fr",
        "api.mon-domaine.fr",
        "www.mon-domaine.fr.evil.fr",
        "www-mon-domaine.fr",
        "www.mon-domaine.fr:443",
        "evil.fr:8443",
        "*.mon-domaine.fr",
        "srv_1.mon-domaine.fr",
        "EVIL.FR.",
        " evil.fr ",
        "ev\u200bil.fr",
        "ｅｖｉｌ．ｆｒ",
        "evil。fr",
        "évil.fr",
        "https://evil.fr/",
        "10.0.0.1",
        "2001:db8::1",
        "[::1]",
        "root@evil.fr",
        "contact@mon-domaine.fr",
        "évil@mon-domaine.fr",
    ):
        yield Case(f"CN {text!r}", csr(subject=[common_name(text)]), code)
    for tag, encoded in (
        (0x1E, "evil.fr".encode("utf-16-be")),
        (0x1C, "evil.fr".encode("utf-32-be")),
        (0x14, b"evil.fr"),
    ):
        yield Case(f"CN under tag {tag:02x}", csr(subject=[attribute("2.5.4.3", tlv(tag, encoded))]), code)
    application = (ApplicationName("tops.demo.fr"),)
    other = csr(subject=[common_name("autre.demo.fr")])
    yield Case("CN of another application shaped like a host", other, code, application, "ORG_SIGN")
    yield Case(
        "CN of another mailbox", csr(subject=[common_name("x@mon-domaine.fr")]), code, (MAILBOX,), "SERV_SIGN"
    )


def _alternative_names() -> Iterator[Case]:
    code, bad = "csr.name-not-requested", "csr.malformed-extension"
    for text in (
        "evil.fr",
        "mon-domaine.fr",
        "*.mon-domaine.fr",
        "xwww.mon-domaine.fr",
        "www.mon-domaine.fr.evil.fr",
        "www.mon_domaine.fr",
        "www.mon-domaine.fr:443",
        "https://www.mon-domaine.fr",
        "10.0.0.1",
        "www.mon-domaine.fr..",
        ".www.mon-domaine.fr",
        " www.mon-domaine.fr",
        "www.mon-domaine.fr ",
    ):
        yield Case(f"dNSName {text!r}", asking(dns(text)), code)
    for position in range(4):
        names = ["www.mon-domaine.fr"] * 3
        names.insert(position, "evil.fr")
        yield Case(f"one bad name at {position}", asking(dns(*names)), code)
    mail = san(tlv(0x81, b"contact@mon-domaine.fr"))
    yield Case("a mailbox for a server", asking(mail), code)
    yield Case("another mailbox", asking(san(tlv(0x81, b"x@mon-domaine.fr"))), code, (MAILBOX,), "SERV_SIGN")
    yield Case(
        "the mailbox in capitals",
        asking(san(tlv(0x81, b"CONTACT@mon-domaine.fr"))),
        code,
        (MAILBOX,),
        "SERV_SIGN",
    )
    yield Case("the mailbox's domain as a host", asking(dns("mon-domaine.fr")), code, (MAILBOX,), "SERV_SIGN")
    yield Case("an IP address", asking(san(tlv(0x87, bytes((10, 0, 0, 1))))), code)
    yield Case("an IPv6 address", asking(san(tlv(0x87, bytes(16)))), code)
    yield Case("a URI", asking(san(tlv(0x86, b"https://www.mon-domaine.fr/"))), code)
    yield Case("a URI that reads like the host", asking(san(tlv(0x86, b"www.mon-domaine.fr"))), code)
    yield Case("a directoryName", asking(san(tlv(0xA4, tlv(0x30, common_name("x"))))), code)
    yield Case("a registeredID", asking(san(tlv(0x88, oid("1.2.3.4")[2:]))), code)
    upn = tlv(0xA0, oid(UPN) + tlv(0xA0, tlv(0x0C, b"root@evil.fr")))
    yield Case("a UPN", asking(san(upn)), code)
    other = tlv(0xA0, oid("1.3.6.1.5.5.7.8.5") + tlv(0xA0, tlv(0x0C, b"x")))
    yield Case("another otherName", asking(san(other)), code)
    application = (ApplicationName("www.mon-domaine.fr"),)
    yield Case(
        "an application's name as a host", asking(dns("www.mon-domaine.fr")), code, application, "ORG_SIGN"
    )
    yield Case("a name for one who asked none", asking(dns("www.mon-domaine.fr")), code, (), "PS_SIGN")
    yield Case("NUL in a dNSName", asking(dns("www.mon-domaine.fr\x00.evil.fr")), bad)
    yield Case("a line feed in a dNSName", asking(dns("www.mon-domaine.fr\n")), bad)
    yield Case("UTF-8 in a dNSName", asking(san(tlv(0x82, "évil.fr".encode()))), bad)
    yield Case("an empty dNSName", asking(dns("")), bad)
    yield Case("an empty subjectAltName", asking(san()), bad)
    yield Case("an address of five octets", asking(san(tlv(0x87, bytes(5)))), bad)
    yield Case("a constructed dNSName", asking(san(tlv(0xA2, tlv(0x16, b"www.mon-domaine.fr")))), bad)
    yield Case("an unknown kind of name", asking(san(tlv(0x89, b"x"))), bad)
    yield Case("a universal string as a name", asking(san(tlv(0x16, b"www.mon-domaine.fr"))), bad)
    yield Case("a subjectAltName that is a SET", asking(extension("2.5.29.17", tlv(0x31, b""))), bad)
    trailing = tlv(0x30, tlv(0x82, b"www.mon-domaine.fr")) + b"\x00"
    yield Case("octets behind the names", asking(extension("2.5.29.17", trailing)), bad)
    first, second = dns("www.mon-domaine.fr"), dns("api.mon-domaine.fr")
    yield Case("two subjectAltNames", asking(first, second), "csr.two-alternative-names", (HOST, OTHER))
    yield Case("the same subjectAltName twice", asking(first, first), "csr.two-alternative-names")
    yield Case(
        "two extension requests",
        csr(extension_request(first), extension_request(extension(EKU, _eku()))),
        "csr.two-extension-requests",
    )
    value = tlv(0x30, first)
    other_value = tlv(0x30, extension(EKU, _eku()))
    yield Case(
        "two values in one extension request",
        csr(request_attribute("1.2.840.113549.1.9.14", value, other_value)),
        "csr.two-extension-requests",
    )
    yield Case(
        "an extension twice", asking(extension(EKU, _eku()), extension(EKU, _eku())), "csr.extension-twice"
    )


def _smuggled() -> Iterator[Case]:
    ca = tlv(0x30, CRITICAL)
    yield Case("CA:TRUE", asking(extension(BASIC_CONSTRAINTS, ca)), "csr.asks-to-be-an-authority")
    yield Case(
        "CA:TRUE critical", asking(extension(BASIC_CONSTRAINTS, ca, CRITICAL)), "csr.asks-to-be-an-authority"
    )
    path = tlv(0x30, CRITICAL + integer(0))
    yield Case(
        "CA:TRUE, pathlen 0", asking(extension(BASIC_CONSTRAINTS, path)), "csr.asks-to-be-an-authority"
    )
    for label, value in {
        "CA:FALSE written out": tlv(0x30, b"\x01\x01\x00"),
        "CA of 01": tlv(0x30, b"\x01\x01\x01"),
        "a path length without CA": tlv(0x30, integer(0)),
        "a negative path length": tlv(0x30, CRITICAL + b"\x02\x01\xff"),
        "constraints with octets behind": tlv(0x30, CRITICAL) + b"\x00",
        "empty constraints": b"",
    }.items():
        yield Case(label, asking(extension(BASIC_CONSTRAINTS, value)), "csr.malformed-extension")
    anything = tlv(0x30, b"")
    for label, kind in {
        "nameConstraints": "2.5.29.30",
        "policyConstraints": "2.5.29.36",
        "policyMappings": "2.5.29.33",
        "inhibitAnyPolicy": "2.5.29.54",
        "issuerAltName": "2.5.29.18",
        "subjectDirectoryAttributes": "2.5.29.9",
        "CT poison": "1.3.6.1.4.1.11129.2.4.3",
        "tlsFeature": "1.3.6.1.5.5.7.1.24",
        "ocspNoCheck": "1.3.6.1.5.5.7.48.1.5",
        "the card category": "1.2.250.1.71.1.2.5",
        "an unknown one": "1.3.6.1.4.1.99999.1",
    }.items():
        yield Case(
            f"{label}, critical", asking(extension(kind, anything, CRITICAL)), "csr.critical-extension"
        )
    for label, value in {
        "no NamedBitList": b"\x03\x02\x00\x80",
        "no bit string": integer(3),
        "padding bits set": b"\x03\x02\x07\xff",
        "rubbish": b"rubbish",
    }.items():
        yield Case(f"keyUsage: {label}", asking(extension(KEY_USAGE, value)), "csr.malformed-extension")
    yield Case("an empty extendedKeyUsage", asking(extension(EKU, anything)), "csr.malformed-extension")
    yield Case(
        "an extendedKeyUsage of texts",
        asking(extension(EKU, tlv(0x30, tlv(0x0C, b"x")))),
        "csr.malformed-extension",
    )
    yield Case(
        "policies that are BER",
        asking(extension("2.5.29.32", b"\x30\x80\x00\x00")),
        "csr.malformed-extension",
    )


def _attributes() -> Iterator[Case]:
    hidden = tlv(0x30, dns("evil.fr"))
    yield Case(
        "names in Microsoft's attribute",
        csr(request_attribute("1.3.6.1.4.1.311.2.1.14", hidden)),
        "csr.microsoft-extensions",
    )
    harmless = tlv(0x30, dns("www.mon-domaine.fr"))
    yield Case(
        "extensions in both attributes",
        csr(
            extension_request(dns("www.mon-domaine.fr")),
            request_attribute("1.3.6.1.4.1.311.2.1.14", harmless),
        ),
        "csr.microsoft-extensions",
    )
    for name in ("SAN", "san", " San "):
        pair = tlv(0x30, tlv(0x1E, name.encode("utf-16-be")) + tlv(0x1E, "dns=evil.fr".encode("utf-16-be")))
        yield Case(
            f"Microsoft's pair {name!r}",
            csr(request_attribute("1.3.6.1.4.1.311.13.2.1", pair)),
            "csr.microsoft-names",
        )
    password = request_attribute("1.2.840.113549.1.9.7", tlv(0x0C, b"one"))
    other = request_attribute("1.2.840.113549.1.9.7", tlv(0x0C, b"two"))
    yield Case("two passwords", csr(password, other), "csr.attribute-twice")
    version = request_attribute("1.3.6.1.4.1.311.13.2.3", tlv(0x16, b"10.0"))
    yield Case("a Microsoft attribute twice", csr(version, version), "csr.attribute-twice")
    yield Case(
        "a malformed text in an attribute",
        csr(request_attribute("1.2.3.4", tlv(0x0C, b"\xff"))),
        "csr.malformed-string",
    )


def _possession() -> Iterator[Case]:
    mine, other = private_key("ec:P-256", "request"), private_key("ec:P-256", "another")
    rsa_key, rsa_other = private_key("rsa:2048", "request"), private_key("rsa:2048", "another")
    good = csr()
    code = "csr.no-possession"
    yield Case("signed by another key", sign(info(key=mine), key=other), code)
    yield Case("signed by another RSA key", sign(info(key=rsa_key), key=rsa_other), code)
    yield Case("a subject changed after signing", _changed_after_signing(), code)
    yield Case(
        "the signature of another request", _with_signature(good, csr(subject=[common_name("x")])), code
    )
    empty = tlv(0x30, info() + ECDSA_SHA256 + b"\x03\x01\x00")
    yield Case("no signature at all", empty, code)
    for label, pair in {
        "zeros": integer(0) + integer(0),
        "ones": integer(1) + integer(1),
        "a negative number": b"\x02\x01\xff" + integer(1),
        "a third number": integer(1) + integer(1) + integer(1),
    }.items():
        data = tlv(0x30, info() + ECDSA_SHA256 + tlv(0x03, b"\x00" + tlv(0x30, pair)))
        yield Case(f"a signature of {label}", data, code)
    zeros = tlv(0x30, info(key=rsa_key) + RSA_SHA256 + tlv(0x03, b"\x00" + bytes(256)))
    yield Case("an RSA signature of zeros", zeros, code)
    one = tlv(0x30, info(key=rsa_key) + RSA_SHA256 + tlv(0x03, b"\x00" + bytes(255) + b"\x01"))
    yield Case("an RSA signature of one", one, code)
    wrong = "csr.signature-not-of-this-key-kind"
    yield Case("an RSA algorithm on a curve", sign(info(key=mine), key=mine, algorithm=RSA_SHA256), wrong)
    yield Case("ECDSA on an RSA key", sign(info(key=rsa_key), key=rsa_key, algorithm=ECDSA_SHA256), wrong)
    for label, kind in {
        "MD2": "1.2.840.113549.1.1.2",
        "MD5": "1.2.840.113549.1.1.4",
        "SHA-1": "1.2.840.113549.1.1.5",
        "SHA-224": "1.2.840.113549.1.1.14",
        "SHA-1 with ECDSA": "1.2.840.10045.4.1",
    }.items():
        algorithm = tlv(0x30, oid(kind) + b"\x05\x00")
        yield Case(label, sign(info(key=rsa_key), key=rsa_key, algorithm=algorithm), "csr.weak-signature")
    pss = oid("1.2.840.113549.1.1.10")
    for label, parameters in {"PSS with defaults": tlv(0x30, b""), "PSS without parameters": b""}.items():
        algorithm = tlv(0x30, pss + parameters)
        yield Case(label, sign(info(key=rsa_key), key=rsa_key, algorithm=algorithm), "csr.weak-signature")
    mixed = _pss(_sha(1), _sha(2), 32)
    yield Case(
        "PSS with two hashes",
        sign(info(key=rsa_key), key=rsa_key, algorithm=mixed),
        "csr.signature-parameters",
    )
    huge = _pss(_sha(1), _sha(1), 4000)
    yield Case(
        "PSS with a huge salt",
        sign(info(key=rsa_key), key=rsa_key, algorithm=huge),
        "csr.signature-parameters",
    )
    lying = _pss(_sha(1), _sha(1), 32)
    yield Case("PSS said of a PKCS #1 signature", sign(info(key=rsa_key), key=rsa_key, algorithm=lying), code)
    null = tlv(0x30, ECDSA_SHA256[2:] + b"\x05\x00")
    yield Case("ECDSA with NULL", sign(info(key=mine), key=mine, algorithm=null), "csr.signature-parameters")
    odd = tlv(0x30, RSA_SHA256[2:-2] + tlv(0x30, b""))
    yield Case(
        "RSA with a SEQUENCE", sign(info(key=rsa_key), key=rsa_key, algorithm=odd), "csr.signature-parameters"
    )
    for label, kind in {
        "ed25519": "1.3.101.112",
        "an unknown algorithm": "1.2.3.4",
        "no algorithm": "0.0",
    }.items():
        algorithm = tlv(0x30, oid(kind))
        yield Case(label, sign(info(key=mine), key=mine, algorithm=algorithm), "csr.signature-algorithm-off")


def _changed_after_signing() -> bytes:
    before = csr(subject=[common_name("Mon service")])
    return before.replace(b"Mon service", b"Ton service")


def _with_signature(request: bytes, other: bytes) -> bytes:
    from sceau.certification.der import parse

    body, algorithm, _ = parse(request).children
    return tlv(0x30, body.raw + algorithm.raw + parse(other).children[2].raw)


def _sha(arc: int) -> bytes:
    return tlv(0x30, oid(f"2.16.840.1.101.3.4.2.{arc}") + b"\x05\x00")


def _pss(digest: bytes, inner: bytes, salt: int) -> bytes:
    generator = tlv(0x30, oid("1.2.840.113549.1.1.8") + inner)
    fields = tlv(0xA0, digest) + tlv(0xA1, generator) + tlv(0xA2, integer(salt))
    return tlv(0x30, oid("1.2.840.113549.1.1.10") + tlv(0x30, fields))


def _keys() -> Iterator[Case]:
    """Refused for the key; how each key is refused alone is `test_keys`."""
    for label, key in {
        "RSA-1024": rsa.generate_private_key(65537, 1024),
        "RSA with e = 3": rsa.generate_private_key(3, 2048),
    }.items():
        code = "key.rsa-size" if label == "RSA-1024" else "key.rsa-exponent"
        yield Case(label, csr(key=key), code)
    for curve in (ec.SECP521R1(), ec.SECP256K1(), ec.SECP224R1()):
        yield Case(curve.name, csr(key=ec.generate_private_key(curve)), "key.curve-off")
    edwards = ed25519.Ed25519PrivateKey.generate()
    spki = edwards.public_key().public_bytes_raw()
    body = info(spki=tlv(0x30, tlv(0x30, oid("1.3.101.112")) + tlv(0x03, b"\x00" + spki)))
    signature = tlv(0x03, b"\x00" + edwards.sign(body))
    yield Case("Ed25519", tlv(0x30, body + tlv(0x30, oid("1.3.101.112")) + signature), "key.algorithm-off")
    point = spki_of(private_key("ec:P-256", "request"))
    flipped = point[:-1] + bytes((point[-1] ^ 1,))
    yield Case("a point off its curve", csr(spki=flipped), "key.point-off-curve")
    yield Case("an octet behind the key", csr(spki=tlv(0x30, point[2:] + b"\x05\x00")), "key.malformed")


def _accepted() -> Iterator[Case]:
    good = csr(subject=[common_name("www.mon-domaine.fr")])
    text = pem(good)
    yield Case("DER", good, None)
    yield Case("DER, said so", good, None, form="der")
    yield Case("PEM", text, None)
    yield Case("PEM, said so", text, None, form="pem")
    yield Case("the old label", pem(good, "NEW CERTIFICATE REQUEST"), None)
    yield Case("CR LF", pem(good, line="\r\n"), None)
    yield Case("CR alone", pem(good, line="\r"), None)
    yield Case("no final line feed", text.rstrip(), None)
    yield Case(
        "text around", b"Certificate Request:\n  Version: 1\n" + text + b"\nbonne r\xe9ception\n", None
    )
    yield Case("a byte order mark", b"\xef\xbb\xbf" + text, None)
    yield Case("blanks at the ends of lines", text.replace(b"\n", b"  \n"), None)
    yield Case("base64 alone", base64.b64encode(good), None)
    yield Case("base64 alone, in lines", base64.encodebytes(good), None, form="pem")
    yield Case("one long line", pem(good).replace(b"\n", b"", 0).replace(b"-----\n", b"-----\n", 1), None)
    yield Case("no subject, no attribute", csr(), None)
    for kind in ("rsa:2048", "rsa:3072", "rsa:4096", "ec:P-384"):
        yield Case(kind, csr(key=private_key(kind, "request")), None)
    absent = tlv(0x30, RSA_SHA256[2:-2])
    key = private_key("rsa:2048", "request")
    yield Case("RSA signature without NULL", sign(info(key=key), key=key, algorithm=absent), None)
    for tag, encoded in ((0x1E, "utf-16-be"), (0x1C, "utf-32-be"), (0x14, "latin-1"), (0x13, "ascii")):
        value = attribute("2.5.4.10", tlv(tag, "Hopital de Lyon".encode(encoded)))
        yield Case(f"O under tag {tag:02x}", csr(subject=[value]), None)
    yield Case(
        "an accent in TeletexString", csr(subject=[attribute("2.5.4.10", tlv(0x14, b"H\xf4pital"))]), None
    )
    bmp = attribute("2.5.4.3", tlv(0x1E, "www.mon-domaine.fr".encode("utf-16-be")))
    yield Case("the host in BMPString", csr(subject=[bmp]), None)
    country = attribute("2.5.4.6", tlv(0x13, b"FR"))
    mail = attribute("1.2.840.113549.1.9.1", tlv(0x16, b"root@evil.fr"))
    yield Case("a full subject", csr(subject=[country, mail, common_name("www.mon-domaine.fr")]), None)
    yield Case("a country of three letters", csr(subject=[attribute("2.5.4.6", tlv(0x13, b"FRA"))]), None)
    yield Case("a unique identifier", csr(subject=[attribute("2.5.4.45", b"\x03\x02\x00\x01")]), None)
    password = request_attribute("1.2.840.113549.1.9.7", tlv(0x0C, b"secret"))
    yield Case("a password", csr(password), None)
    yield Case("an unknown attribute", csr(request_attribute("1.2.3.4", b"\x05\x00")), None)
    version = request_attribute("1.3.6.1.4.1.311.13.2.3", tlv(0x16, b"10.0.19045.2"))
    client = request_attribute(
        "1.3.6.1.4.1.311.21.20",
        tlv(0x30, integer(5) + tlv(0x0C, b"PC-1") + tlv(0x0C, b"DOM\\u") + tlv(0x0C, b"certreq")),
    )
    provider = tlv(0x30, integer(1) + tlv(0x1E, "Microsoft Software".encode("utf-16-be")) + b"\x03\x01\x00")
    csp = request_attribute("1.3.6.1.4.1.311.13.2.2", provider)
    asked = extension_request(dns("www.mon-domaine.fr"), extension(KEY_USAGE, b"\x03\x02\x05\xa0", CRITICAL))
    yield Case("what Windows sends", csr(version, client, csp, asked), None)
    template = tlv(
        0x30,
        tlv(0x1E, "CertificateTemplate".encode("utf-16-be")) + tlv(0x1E, "WebServer".encode("utf-16-be")),
    )
    yield Case("another Microsoft pair", csr(request_attribute("1.3.6.1.4.1.311.13.2.1", template)), None)
    for label, kind, value, critical in (
        ("CA:FALSE", BASIC_CONSTRAINTS, tlv(0x30, b""), b""),
        ("CA:FALSE critical", BASIC_CONSTRAINTS, tlv(0x30, b""), CRITICAL),
        ("keyCertSign", KEY_USAGE, b"\x03\x02\x02\x04", CRITICAL),
        ("OCSP signing", EKU, tlv(0x30, oid("1.3.6.1.5.5.7.3.9")), b""),
        ("any purpose, critical", EKU, tlv(0x30, oid("2.5.29.37.0")), CRITICAL),
        ("a key identifier", "2.5.29.14", tlv(0x04, bytes(20)), b""),
        ("a policy", "2.5.29.32", tlv(0x30, tlv(0x30, oid("1.2.250.1.213.1.7.1.1.2.5.1"))), b""),
        ("must-staple", "1.3.6.1.5.5.7.1.24", tlv(0x30, integer(5)), b""),
        ("the card category", "1.2.250.1.71.1.2.5", tlv(0x04, b"\x00"), b""),
        ("a Microsoft template", "1.3.6.1.4.1.311.20.2", tlv(0x1E, "WebServer".encode("utf-16-be")), b""),
        ("an unknown one, not even DER", "1.3.6.1.4.1.99999.1", b"\xff\xff", b""),
    ):
        yield Case(label, asking(extension(kind, value, critical)), None)


def _accepted_names() -> Iterator[Case]:
    yield Case("the name", asking(dns("www.mon-domaine.fr")), None)
    yield Case("the name in capitals", asking(dns("WWW.Mon-Domaine.FR")), None)
    yield Case("the name with its final dot", asking(dns("www.mon-domaine.fr.")), None)
    yield Case("the name twice", asking(dns("www.mon-domaine.fr", "www.mon-domaine.fr")), None)
    yield Case("one of the names", asking(dns("api.mon-domaine.fr")), None, (HOST, OTHER))
    yield Case(
        "both, in the other order",
        asking(dns("api.mon-domaine.fr", "www.mon-domaine.fr")),
        None,
        (HOST, OTHER),
    )
    critical = extension("2.5.29.17", tlv(0x30, tlv(0x82, b"www.mon-domaine.fr")), CRITICAL)
    yield Case("critical names", asking(critical), None)
    yield Case(
        "the mailbox", asking(san(tlv(0x81, b"contact@MON-domaine.fr"))), None, (MAILBOX,), "SERV_SIGN"
    )
    upn = tlv(0xA0, oid(UPN) + tlv(0xA0, tlv(0x0C, b"contact@mon-domaine.fr")))
    yield Case("the mailbox as UPN", asking(san(upn)), None, (MAILBOX,), "PS_AUTH")
    for text in (
        "Mon service",
        "INSI-AUTO",
        "serveur1",
        "Dr. Martin, chirurgien",
        "Centre hospitalier (Lyon) 2.0",
        "",
    ):
        yield Case(f"CN {text!r}", csr(subject=[common_name(text)]), None)
    yield Case("CN in capitals", csr(subject=[common_name("WWW.MON-DOMAINE.FR")]), None)
    application = (ApplicationName("apibi.gateway_ANS"),)
    named = csr(subject=[common_name("apibi.gateway_ANS")])
    yield Case("the application's name", named, None, application, "ORG_SIGN")
    hosted = (ApplicationName("tops.demo.fr"),)
    yield Case(
        "an application shaped like a host",
        csr(subject=[common_name("tops.demo.fr")]),
        None,
        hosted,
        "ORG_SIGN",
    )
    yield Case(
        "the mailbox as CN",
        csr(subject=[common_name("contact@mon-domaine.fr")]),
        None,
        (MAILBOX,),
        "SERV_SIGN",
    )
    yield Case("a number as CN", csr(subject=[common_name("899700041983")]), None, (MAILBOX,), "PS_SIGN")
