"""A certificate in every form people ask for: alone, with its chain, as text or binary. Builds files,
decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from django.utils.translation import gettext_noop

from sceau.operations import machine
from sceau.portal.language import page_catalogue
from sceau.records import CertificateFile


@dataclass(frozen=True, slots=True)
class FileForm:
    """One form of download: what it is called, what it is for, its ending and type, how it is made."""

    code: str
    label: str
    use: str
    ending: str
    content_type: str
    make: Callable[[list[x509.Certificate]], bytes]


def _pem(certificates: list[x509.Certificate]) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


FORMS: tuple[FileForm, ...] = (
    FileForm(
        "pem",
        gettext_noop("Certificat (PEM)"),
        gettext_noop("Le certificat seul, en texte."),
        ".pem",
        "application/x-pem-file",
        lambda chain: _pem(chain[:1]),
    ),
    FileForm(
        "chaine",
        gettext_noop("Certificat et chaîne (PEM)"),
        gettext_noop("Pour nginx, Apache, HAProxy, Postfix : le certificat suivi de son autorité."),
        "-chaine.pem",
        "application/x-pem-file",
        lambda chain: _pem(chain[:-1] or chain),
    ),
    FileForm(
        "autorites",
        gettext_noop("Autorités (PEM)"),
        gettext_noop("Ce que doit connaître celui qui vérifie : l’autorité et sa racine."),
        "-autorites.pem",
        "application/x-pem-file",
        lambda chain: _pem(chain[1:]),
    ),
    FileForm(
        "der",
        gettext_noop("Certificat (DER)"),
        gettext_noop("Le certificat seul, en binaire : Java, Windows."),
        ".cer",
        "application/pkix-cert",
        lambda chain: chain[0].public_bytes(Encoding.DER),
    ),
    FileForm(
        "p7b",
        gettext_noop("Certificat et chaîne (P7B)"),
        gettext_noop("Pour IIS et les magasins de Windows ou de Java."),
        ".p7b",
        "application/x-pkcs7-certificates",
        lambda chain: pkcs7.serialize_certificates(chain, Encoding.DER),
    ),
)


def form_named(code: str) -> FileForm | None:
    """The form of download `code`, or None."""
    return next((form for form in FORMS if form.code == code), None)


def file_of(file: CertificateFile, form: FileForm) -> tuple[str, bytes]:
    """File name (plain ASCII) and bytes."""
    return stem_of(file) + form.ending, form.make(chain_of(file))


def stem_of(file: CertificateFile) -> str:
    """A name for files: the first name it carries, the product, the beginning of its serial."""
    first = file.line.names[0] if file.line.names else file.line.structure_name or "certificat"
    plain = re.sub(r"[^a-z0-9.]+", "-", first.lower().replace("@", "-")).strip("-.")[:40] or "certificat"
    return f"{plain}-{page_catalogue().products[file.line.product].slug}-{file.line.serial[:8]}"


def chain_of(file: CertificateFile) -> list[x509.Certificate]:
    """The certificate, its issuing authority (the generation that signed it) and the root."""
    chain = [x509.load_der_x509_certificate(file.der)]
    issuer: str | None = file.line.issuer
    generation = file.line.generation
    issuers = machine().issuers
    while issuer is not None and issuer in issuers:
        facts = next((one for one in issuers[issuer] if one.generation == generation), issuers[issuer][-1])
        chain.append(x509.load_der_x509_certificate(facts.certificate))
        issuer = page_catalogue().issuers[issuer].parent
        generation = -1
    return chain
