"""What a person sees before anything is asked for: the exact subject, line by line, and what will be cut
[IGC-SANTE 2.3].

Certificates with typing errors were issued because nobody was shown them. The same function writes the
subject here and in the certificate.
"""

from __future__ import annotations

from dataclasses import dataclass

from sceau.catalogue import Catalogue
from sceau.certification.subject_name import subject_name
from sceau.registration import Subject, Warrant
from sceau.vocabulary import Finding


@dataclass(frozen=True, slots=True)
class SubjectPreview:
    """A subject as it would stand: (attribute, value) lines in their order, RFC 4514 text, warnings and
    errors.
    """

    lines: tuple[tuple[str, str], ...]
    rfc4514: str
    findings: tuple[Finding, ...]


def preview_subject(subject: Warrant | Subject, *, catalogue: Catalogue, product: str = "") -> SubjectPreview:
    """The subject of a warrant, or of a holder for `product`. KeyError for a product the catalogue doesn't
    have.
    """
    if isinstance(subject, Warrant):
        product, subject = subject.product, subject.subject
    name = subject_name(subject, catalogue.profiles[catalogue.products[product].profile])
    return SubjectPreview(name.lines, name.rfc4514, name.findings)
