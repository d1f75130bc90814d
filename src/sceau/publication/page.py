"""The front page of the public server: what is published, in French, without script, image or outside
address.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from sceau.certification import ml_dsa_kind
from sceau.publication.shelf import Item, Shelf
from sceau.status import read_crl

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#161616;"
    "background:#fff}h1{font-size:1.75rem}h2{font-size:1.25rem;margin-top:2rem}table{border-collapse:collapse;"
    "width:100%}th,td{text-align:left;padding:.5rem .75rem;border-bottom:1px solid #ddd;vertical-align:top}"
    "caption{text-align:left;padding:.5rem 0;color:#3a3a3a}a{color:#000091}code{overflow-wrap:anywhere}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{_STYLE_HASH}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_TESTS = "ESSAI/"
_EXPECTED = {"valide": "valide", "revoque": "révoqué", "expire": "expiré"}
_MONTHS = (
    "",
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def render_page(title: str, shelf: Shelf, *, has_ocsp: bool) -> str:
    """The page as HTML. Every value is escaped; lists are read to show their number and dates."""
    items = [item for path in shelf.paths() if (item := shelf.find(path)) is not None]
    lists = [item for item in items if item.path.endswith(".crl")]
    tests = [item for item in items if item.path.startswith(_TESTS)]
    certificates = [item for item in items if item.path.endswith(".cer") and item not in tests]
    chains = [item for item in items if item.path.endswith((".p7b", ".pem"))]
    sections = [
        _table(
            "Listes de révocation",
            ("Liste", "Numéro", "Faite le", "Prochaine au plus tard le", "Révoqués"),
            [_list_row(i) for i in lists],
        ),
        _table("Certificats des autorités", ("Certificat", "Taille"), [_file_row(i) for i in certificates]),
        _experiment(certificates),
        _table("Chaîne de certification complète", ("Fichier", "Taille"), [_file_row(i) for i in chains]),
        _tests_section(tests),
    ]
    lead = (
        "<p>Ce service publie ce qu'il faut pour vérifier un certificat de cette autorité : les certificats "
        "des autorités, leurs listes de révocation et l'état de chaque certificat. Il se consulte sans "
        "compte et ne garde rien de vos demandes.</p>"
    )
    return document(title, f"{lead}{''.join(sections)}{_ocsp_section() if has_ocsp else ''}")


def document(title: str, body: str) -> str:
    """A page of the public server around `body`, which is HTML already."""
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="fr"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
    )


def _table(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return f"<h2>{escape(title)}</h2><p>Rien n'est encore publié ici.</p>"
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _file_row(item: Item) -> tuple[str, ...]:
    return _link(item), f"{len(item.content)} octets"


def _tests_section(tests: list[Item]) -> str:
    """The certificates that relying parties may try their programs on; nothing where there are none."""
    if not tests:
        return ""
    rows = [_test_row(item) for item in tests]
    return _table("Certificats d'essai", ("Certificat", "Ce qu'un programme doit en dire", "Fin"), rows) + (
        "<p>Pour essayer un programme qui vérifie des certificats. Ils sont délivrés comme tous les autres ; "
        "leurs clés privées n'existent plus, personne ne s'en sert.</p>"
    )


def _test_row(item: Item) -> tuple[str, ...]:
    word = item.path.rpartition("-")[2].removesuffix(".cer")
    try:
        ends = _date(x509.load_der_x509_certificate(item.content).not_valid_after_utc)
    except ValueError:
        ends = "illisible"
    return _link(item), _EXPECTED.get(word, ""), ends


def _experiment(certificates: list[Item]) -> str:
    """A warning where a published authority has a key of ML-DSA."""
    named = [item.path.rpartition("/")[2] for item in certificates if _is_experimental(item.content)]
    if not named:
        return ""
    return (
        f"<p><strong>Expérimental :</strong> {escape(', '.join(named))} porte une clé ML-DSA "
        "(post-quantique). La plupart des programmes ne vérifient pas encore ce qu'elle signe ; rien de réel "
        "ne doit en dépendre.</p>"
    )


def _is_experimental(content: bytes) -> bool:
    try:
        return ml_dsa_kind(x509.load_der_x509_certificate(content).public_key()) is not None
    except (ValueError, UnsupportedAlgorithm):
        return False


def _list_row(item: Item) -> tuple[str, ...]:
    summary = read_crl(item.content).value
    if summary is None:
        return _link(item), "illisible", "", "", ""
    facts = summary.facts
    return (
        _link(item),
        str(facts.number),
        _date(facts.this_update),
        _date(facts.next_update),
        str(summary.count),
    )


def _link(item: Item) -> str:
    return f'<a href="/{escape(quote(item.path), quote=True)}">{escape(item.path.rpartition("/")[2])}</a>'


def _date(at: datetime) -> str:
    moment = at.astimezone(UTC)
    day = "1er" if moment.day == 1 else str(moment.day)
    return f"{day} {_MONTHS[moment.month]} {moment.year} à {moment:%H:%M} UTC"


def _ocsp_section() -> str:
    command = (
        "openssl ocsp -issuer autorite.pem -cert certificat.pem -url <adresse OCSP du certificat> "
        "-CAfile racine.pem"
    )
    return (
        "<h2>État d'un certificat (OCSP)</h2><p>L'adresse à interroger est écrite dans chaque certificat. "
        f"Par exemple :</p><p><code>{escape(command)}</code></p>"
    )
