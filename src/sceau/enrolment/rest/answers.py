"""What this door answers, declared and made: certificates, rights, verdicts. OpenAPI has the declarations."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import JSONEncoder, encode_basestring
from ssl import DER_cert_to_PEM_cert
from typing import Any

from sceau.catalogue import Language, harmless, load_catalogue
from sceau.enrolment.rest.shapes import Field, Flag, Record, Several, Shape, Text, Whole
from sceau.operations import KeyChallenge, KeyLook, Preview, machine
from sceau.records import CertificateFile, CertificateLine, HabilitationLine
from sceau.vocabulary import Finding, errors


def _text(name: str, about: str, longest: int = 400, **more: Any) -> Field:
    return Field(name, Text(about, longest, 0, lines=True, **more), required=True)


def _several(name: str, about: str, of: Shape, most: int = 1000) -> Field:
    return Field(name, Several(about, of, 0, most), required=True)


FINDING = Record(
    "Constat",
    "Une raison, en français (en anglais si l'en-tête Accept-Language le préfère), avec la marche à suivre.",
    (
        _text("code", "Code stable, à traiter par un programme."),
        _text("severity", "error refuse ; warning et info informent.", choices=("error", "warning", "info")),
        _text("subject", "Le champ ou la valeur en cause."),
        _text("message", "La phrase.", 4000),
        _text("remedy", "Que faire.", 4000),
    ),
)
PROBLEM = Record(
    "Probleme",
    "Un refus ou une panne (RFC 9457), avec toutes ses raisons à la fois.",
    (
        _text("type", "Toujours about:blank : les codes des constats font foi."),
        _text("title", "Ce que dit le statut."),
        Field("status", Whole("Le statut HTTP.", 400, 599), required=True),
        _text("detail", "La première raison.", 4000),
        _text("instance", "Repère de l'appel, à donner à l'exploitant."),
        _several("findings", "Toutes les raisons.", FINDING),
    ),
)
REVOCATION_TOLD = Record(
    "Revocation",
    "La fin d'un certificat.",
    (
        _text("reason", "Motif (nom de la RFC 5280)."),
        _text("at", "Instant, en UTC.", format="date-time"),
        _text("quality", "Qualité de qui l'a demandée."),
    ),
    nullable=True,
)
_LINE = (
    _text("reference", "Référence du certificat."),
    _text("product", "Code du produit."),
    _text("standing", "in-service, to-collect, revoked, expired, in-progress ou failed."),
    _text("serial", "Numéro de série, en hexadécimal."),
    _text("issuer", "Code de l'autorité."),
    _text("subject", "Sujet (RFC 4514).", 4000),
    _several("names", "Noms portés.", Text("Nom.", 320, 0)),
    _text("not_before", "Début de validité, en UTC.", format="date-time"),
    _text("not_after", "Fin de validité, en UTC.", format="date-time"),
    _text("habilitation", "Habilitation, vide pour un produit PS."),
    Field("revocation", REVOCATION_TOLD, required=True),
)
CERTIFICATE_LINE = Record("LigneDeCertificat", "Un certificat dans une liste.", _LINE)
CERTIFICATE_TOLD = Record(
    "Certificat",
    "Un certificat. Remis dès sa délivrance ; null s'il attend sa remise sur le portail, ou n'existe pas.",
    (
        *_LINE,
        Field(
            "certificate", Text("Le certificat (PEM).", 100_000, 0, lines=True, nullable=True), required=True
        ),
        _several(
            "chain",
            "Autorités (PEM), de celle qui a signé vers la racine, racine exclue.",
            Text("PEM.", 100_000, lines=True),
        ),
    ),
)
CERTIFICATE_PAGE = Record(
    "PageDeCertificats",
    "Du plus récent au plus ancien.",
    (
        _several("certificates", "Les certificats de la page.", CERTIFICATE_LINE),
        Field(
            "next",
            Text("À donner en `after` pour la suite ; null à la fin.", 20, 0, nullable=True),
            required=True,
        ),
    ),
)
RESULT = Record(
    "Resultat",
    "Le résultat d'une demande parmi plusieurs : certificate ou problem.",
    (
        Field("index", Whole("Rang de la demande, à partir de 0.", 0, 499), required=True),
        Field("status", Whole("Le statut qu'aurait eu l'appel seul.", 200, 599), required=True),
        Field("certificate", CERTIFICATE_TOLD),
        Field("problem", PROBLEM),
    ),
)
RESULTS = Record(
    "Resultats", "Un résultat pour chaque demande.", (_several("results", "Dans l'ordre.", RESULT),)
)
HABILITATION = Record(
    "Habilitation",
    "Un droit : ce produit, pour ces noms, pour cette structure.",
    (
        _text("reference", "Référence."),
        _text("product", "Code du produit."),
        _text("usable", "approved : utilisable ; suspended, withdrawn, expired : non."),
        _text("scope_kind", "domain, subdomain, server, mail, ou vide."),
        _text("scope", "Le nom déclaré."),
        _text("scope_words", "Ce que le périmètre couvre, en toutes lettres.", 4000),
        _text("structure", "Nom de la structure."),
        _text("structure_id", "Identifiant national de la structure."),
        Field(
            "valid_until",
            Text("Terme, s'il y en a un.", 40, 0, format="date-time", nullable=True),
            required=True,
        ),
    ),
)
HABILITATIONS = Record(
    "Habilitations", "Vos habilitations.", (_several("habilitations", "Toutes.", HABILITATION),)
)
VERDICT = Record(
    "Apercu",
    "Ce qui serait délivré, et toutes les raisons si ce serait refusé. Rien n'est gardé.",
    (
        Field("accepted", Flag("Vrai si rien ne s'y oppose, à cet instant."), required=True),
        _text("subject", "Sujet exact (RFC 4514), vide si rien ne peut être délivré.", 4000),
        _several(
            "subject_lines",
            "Le même, champ par champ.",
            Record("LigneDeSujet", "Un champ.", (_text("field", "Champ."), _text("value", "Valeur.", 4000))),
        ),
        _several("names", "Noms portés.", Text("Nom.", 320, 0)),
        _several("findings", "Constats.", FINDING),
    ),
)
CHALLENGE = Record(
    "Defi",
    "La ligne à signer avec la clé : d'une clé, d'une heure et d'une fois.",
    (
        _text("key", "Empreinte SHA-256 de la clé publique, en hexadécimal."),
        _text("text", "La ligne, en ASCII ; RSA ou ECDSA, avec SHA-256, SHA-384 ou SHA-512."),
        _text("until", "Jusqu'à quand elle sert, en UTC.", format="date-time"),
    ),
)
KEY_ENDED = Record(
    "CleBloquee",
    "La clé est bloquée pour toujours.",
    (
        _text("key", "Empreinte SHA-256 de la clé publique, en hexadécimal."),
        Field("blocked", Flag("Vrai : plus aucun certificat ne sera fait sur elle."), required=True),
        _several(
            "certificates",
            "Les certificats faits sur elle, du plus récent au plus ancien, cent au plus.",
            Record(
                "CertificatDeLaCle",
                "Un certificat fait sur la clé.",
                (
                    _text("reference", "Référence du certificat."),
                    _text("serial", "Numéro de série, en hexadécimal."),
                    _text("standing", "revoked, ou expired s'il l'était déjà."),
                ),
            ),
        ),
    ),
)
HEALTH = Record("Sante", "Le service répond.", (_text("status", "ok"),))


def told(findings: Iterable[Finding], language: Language) -> list[dict[str, str]]:
    """Findings with their sentence and their remedy, in the caller's language."""
    catalogue = load_catalogue(language=language)
    said = []
    for finding in findings:
        sentence = catalogue.say(finding)
        said.append(
            {
                "code": finding.code,
                "severity": str(finding.severity),
                "subject": harmless(finding.subject),
                "message": sentence.text,
                "remedy": sentence.remedy,
            }
        )
    return said


def line_told(line: CertificateLine) -> dict[str, Any]:
    """A certificate in a list."""
    end = line.revocation
    return {
        "reference": line.reference,
        "product": line.product,
        "standing": line.standing,
        "serial": line.serial,
        "issuer": line.issuer,
        "subject": line.subject,
        "names": list(line.names),
        "not_before": instant(line.not_before),
        "not_after": instant(line.not_after),
        "habilitation": line.habilitation,
        "revocation": None
        if end is None
        else {"reason": end.reason, "at": instant(end.at), "quality": end.quality},
    }


def file_told(file: CertificateFile) -> dict[str, Any]:
    """A certificate with its PEM, once it was handed over."""
    is_there = is_handed_over(file)
    return {
        **line_told(file.line),
        "certificate": DER_cert_to_PEM_cert(file.der) if is_there else None,
        "chain": [_authority_pem(der) for der in authorities_of(file)] if is_there else [],
    }


def file_written(file: CertificateFile) -> bytes:
    """`file_told` as JSON, of a certificate that was handed over, put together in place: of its pieces only
    texts may need an escape, and the authorities' are the same each time.
    """
    line = file.line
    if not is_handed_over(file) or line.revocation is not None:
        return written(file_told(file))
    names = ",".join(map(_quoted, line.names))
    text = (
        f'{{"reference":{_quoted(line.reference)},"product":{_quoted(line.product)},'
        f'"standing":{_quoted(line.standing)},"serial":{_quoted(line.serial)},"issuer":{_quoted(line.issuer)},'
        f'"subject":{_quoted(line.subject)},"names":[{names}],"not_before":"{instant(line.not_before)}",'
        f'"not_after":"{instant(line.not_after)}","habilitation":{_quoted(line.habilitation)},'
        f'"revocation":null,"certificate":{_pem_written(file.der)},'
        f'"chain":{_chain_written(tuple(authorities_of(file)))}}}'
    )
    return text.encode("utf-8", "backslashreplace")


def written(value: Any) -> bytes:
    """JSON as this door writes it, UTF-8."""
    return _WRITER.encode(value).encode("utf-8", "backslashreplace")


def _pem_written(der: bytes) -> str:
    """A PEM certificate as a JSON text."""
    digits = b2a_base64(der, newline=False).decode("ascii")
    lines = "\\n".join([digits[at : at + 64] for at in range(0, len(digits), 64)])
    return f'"-----BEGIN CERTIFICATE-----\\n{lines}\\n-----END CERTIFICATE-----\\n"'


@lru_cache(maxsize=64)
def _chain_written(several: tuple[bytes, ...]) -> str:
    return f"[{','.join(map(_pem_written, several))}]"


_WRITER = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_quoted = encode_basestring
_authority_pem = lru_cache(maxsize=256)(DER_cert_to_PEM_cert)


def is_handed_over(file: CertificateFile) -> bool:
    """Whether the certificate itself may be given: the terms were accepted."""
    return bool(file.der) and file.collected_at is not None


def authorities_of(file: CertificateFile) -> list[bytes]:
    """The authority that signed it (that very generation) and those above, without the root (DER)."""
    issuers, catalogue = machine().issuers, load_catalogue()
    facts = next(one for one in issuers[file.line.issuer] if one.generation == file.line.generation)
    found, parent = [facts.certificate], catalogue.issuers[file.line.issuer].parent
    while parent is not None and parent in issuers and catalogue.issuers[parent].parent is not None:
        found.append(issuers[parent][-1].certificate)
        parent = catalogue.issuers[parent].parent
    return found


def challenge_told(challenge: KeyChallenge) -> dict[str, Any]:
    """The line to sign."""
    return {"key": challenge.key, "text": challenge.text, "until": instant(challenge.until)}


def key_told(look: KeyLook) -> dict[str, Any]:
    """A key, and what became of the certificates on it."""
    lines = [
        {"reference": line.reference, "serial": line.serial, "standing": line.standing} for line in look.lines
    ]
    return {"key": look.key, "blocked": look.blocked, "certificates": lines}


def habilitation_told(line: HabilitationLine) -> dict[str, Any]:
    """A right."""
    return {
        "reference": line.reference,
        "product": line.product,
        "usable": line.usable,
        "scope_kind": line.scope_kind,
        "scope": line.scope_name,
        "scope_words": line.scope_words,
        "structure": line.structure.name,
        "structure_id": line.structure.national_id,
        "valid_until": None if line.valid_until is None else instant(line.valid_until),
    }


def verdict_told(preview: Preview, language: Language) -> dict[str, Any]:
    """What would be issued, and why not."""
    return {
        "accepted": not errors(preview.findings),
        "subject": preview.rfc4514,
        "subject_lines": [{"field": field, "value": value} for field, value in preview.subject],
        "names": list(preview.names),
        "findings": told(preview.findings, language),
    }


@lru_cache(maxsize=1024)
def instant(at: datetime) -> str:
    """UTC, to the second, as RFC 3339 writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
