"""The chain of a certificate, as a picture and in words: of one on file, and of one that was shown."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from django.utils.translation import gettext as _

from sceau.certification import IssuerFacts, Presented, Provenance
from sceau.operations import machine
from sceau.portal.language import page_catalogue
from sceau.portal.pictures import Chain, Link, chain_picture
from sceau.records import CertificateFile

_TONES = {"revoked": "bad", "expired": "warn", "early": "warn", "waiting": "warn"}


def chain_of_file(file: CertificateFile) -> Chain:
    """From the root to a certificate of ours."""
    line = file.line
    leaf = _leaf(line.names[0] if line.names else line.subject, line.not_after, line.standing)
    return chain_picture([*_above(line.issuer, line.generation), leaf])


def chain_presented(one: Presented, found: Provenance, *, standing: str, number: int) -> Chain | None:
    """From the root to a certificate that was shown; None when no authority of ours signed it."""
    if not found.issuer:
        return None
    leaf = _leaf(one.names[0] if one.names else one.subject, one.not_after, standing)
    links = [*_above(found.issuer, found.generation), leaf]
    return chain_picture(links, slug=f"chaine-{number}")


def _leaf(name: str, until: datetime, standing: str) -> Link:
    said = {
        "revoked": _("révoqué"),
        "expired": _("terminé"),
        "early": _("pas encore valable"),
        "waiting": _("pas encore remis"),
    }
    tone = _TONES.get(standing, "good")
    return Link(_("Ce certificat"), name, until, tone, said.get(standing, ""))


def _above(issuer: str, generation: int) -> list[Link]:
    """The authorities above, the root first: the generation that signed, then the latest of each."""
    links: list[Link] = []
    code: str | None = issuer
    issuers = machine().issuers
    while code is not None and code in issuers:
        facts = next((one for one in issuers[code] if one.generation == generation), issuers[code][-1])
        parent = page_catalogue().issuers[code].parent
        links.append(_link(code, facts, is_root=parent is None))
        code, generation = parent, -1
    return links[::-1]


def _link(code: str, facts: IssuerFacts, *, is_root: bool) -> Link:
    until = x509.load_der_x509_certificate(facts.certificate).not_valid_after_utc
    return Link(
        _("Autorité racine") if is_root else _("Autorité qui délivre"),
        page_catalogue().issuers[code].common_name,
        until,
    )
