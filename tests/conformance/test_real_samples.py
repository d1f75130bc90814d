"""Our certificates beside the real ones: same facts, field by field; every difference is listed and
justified.

The list is the table of `docs/differences.md`. A difference that is not in it fails, and so does a row that
no sample shows any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sceau.certification import CertificationRequest, Draft, IssuerFacts, compose_serial, prepare
from sceau.certification.der import Node, parse
from sceau.certification.keys import read_shape
from sceau.registration import StructureSubject
from sceau.registration.naming import Name
from sceau.vocabulary import ApplicationName, HostName, StructureId
from tests.authority import CATALOGUE, RANDOM_BITS, private_key, warrant

DIFFERENCES = Path(__file__).parents[2] / "docs" / "differences.md"
SAMPLES = {
    "ORG_AUTH_CLI-PROD-2023": "ORG_AUTH_CLI",
    "ORG_AUTH_CLI-TEST-2021": "ORG_AUTH_CLI",
    "ORG_CONF-TEST-2021": "ORG_CONF",
    "ORG_SIGN-PROD-2016": "ORG_SIGN",
    "ORG_SIGN-TEST-2021-FINESS": "ORG_SIGN",
    "SERV_SSL-PROD-2019-2SAN": "SERV_SSL",
}
FULL_NAMES = {
    "AGENCE DES SYSTEMES D'INFORMATION PARTAG": "AGENCE DES SYSTEMES D'INFORMATION PARTAGES DE SANTE",
}
Fields = dict[str, object]


def ours(real: x509.Certificate, product: str, issuer: bytes) -> Draft:
    """The draft we make of the facts that the real certificate shows."""
    text = {attribute.oid.dotted_string: str(attribute.value) for attribute in real.subject}
    name, unit = text["2.5.4.3"], text["2.5.4.11"]
    subject = StructureSubject(
        department=text["2.5.4.8"],
        organisation=FULL_NAMES.get(text["2.5.4.10"], text["2.5.4.10"]),
        structure_id=StructureId(unit[0], unit[1:]),
        common_name=name,
    )
    at = real.not_valid_before_utc.astimezone(UTC)
    names: tuple[Name, ...] = (ApplicationName(name),)
    if product == "SERV_SSL":
        entries = real.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(HostName(host) for host in entries.get_values_for_type(x509.DNSName))
    spki = real.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    environment = "test" if "TEST" in real.issuer.rfc4514_string() else "production"
    return prepare(
        warrant(product, names=names, subject=subject, at=at),
        CertificationRequest(b"", read_shape(spki).require(), (), ()),
        IssuerFacts("el-org", 1, environment, issuer),
        catalogue=CATALOGUE,
        serial=compose_serial(max(at, at.replace(year=2021)), RANDOM_BITS),
        at=at,
        lint_key=private_key("rsa:2048", "lint"),
    )


def fields(tbs: Node) -> Fields:
    """A TBSCertificate as fields that can be compared: what is only a number of this one certificate is left
    out.
    """
    version, serial, algorithm, issuer, validity, subject, spki, wrapper = tbs.children
    begin, end = (node.content for node in validity.children)
    found: Fields = {
        "version": version.raw,
        "serial: length": len(serial.content),
        "signature algorithm": algorithm.raw,
        "issuer": issuer.raw,
        "not before": begin,
        "not after": end,
        "subject": subject.raw,
        "key": spki.raw,
    }
    order = []
    for extension in wrapper.children[0].children:
        oid = extension.children[0].oid()
        order.append(oid)
        found[f"extension {oid}"] = (len(extension.children) == 3, extension.children[-1].octets())
    found["extensions: order"] = tuple(order)
    return found


def seen_differences(folder: Path) -> Iterator[tuple[str, str]]:
    """(sample, field) for each field that differs, by sample."""
    for sample, product in SAMPLES.items():
        real = x509.load_pem_x509_certificate((folder / f"{sample}.pem").read_bytes())
        file = "CA-TEST-EL-ORG.pem" if "TEST" in sample else "CA-EL-ORG.pem"
        issuer = x509.load_pem_x509_certificate((folder / file).read_bytes())
        theirs = fields(parse(real.tbs_certificate_bytes))
        mine = fields(parse(ours(real, product, issuer.public_bytes(Encoding.DER)).tbs))
        for field in sorted(theirs.keys() | mine.keys()):
            if theirs.get(field) != mine.get(field):
                yield sample, field


def listed_differences() -> set[tuple[str, str]]:
    """(sample, field) of each row of the table; « all » stands for every sample."""
    found = set()
    for line in DIFFERENCES.read_text(encoding="utf-8").splitlines():
        row = re.fullmatch(r"\| ([^|]+) \| `([^`]+)` \| [^|]+ \| [^|]+ \| ([^|]+) \|", line)
        if row:
            assert len(row[3]) > 20, f"no justification: {line}"
            samples = SAMPLES if row[1] == "all" else [name.strip() for name in row[1].split(",")]
            found |= {(sample, row[2]) for sample in samples}
    return found


@pytest.mark.samples
def test_each_difference_from_the_real_certificates_is_listed_and_each_listed_one_is_there(
    samples: Path,
) -> None:
    assert set(seen_differences(samples)) == listed_differences()


@pytest.mark.samples
def test_f04_the_real_end_is_ours_less_one_second(samples: Path) -> None:
    real = x509.load_pem_x509_certificate((samples / "SERV_SSL-PROD-2019-2SAN.pem").read_bytes())
    issuer = x509.load_pem_x509_certificate((samples / "CA-EL-ORG.pem").read_bytes())
    draft = ours(real, "SERV_SSL", issuer.public_bytes(Encoding.DER))
    assert draft.not_after == real.not_valid_after_utc - timedelta(seconds=1)


@pytest.mark.samples
def test_a_name_too_long_for_its_field_is_cut_where_the_real_one_was(samples: Path) -> None:
    real = x509.load_pem_x509_certificate((samples / "ORG_SIGN-PROD-2016.pem").read_bytes())
    issuer = x509.load_pem_x509_certificate((samples / "CA-EL-ORG.pem").read_bytes())
    draft = ours(real, "ORG_SIGN", issuer.public_bytes(Encoding.DER))
    assert parse(draft.tbs).children[5].raw == real.subject.public_bytes()
    assert "draft.organisation-cut" in {finding.code for finding in draft.findings}
