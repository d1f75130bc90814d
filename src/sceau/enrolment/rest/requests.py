"""The bodies that this door takes, declared; and how a declared body becomes what the verbs take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sceau.catalogue import Quality, load_catalogue
from sceau.enrolment.rest.shapes import Field, Flag, Record, Several, Shape, Text, Whole
from sceau.operations import CertificateRequest, machine
from sceau.registration import Person
from sceau.vocabulary import IdentifierMode, read_person_id

MOST_REQUESTS = 500
LONGEST_CSR = 16 * 1024
LONGEST_SIGNATURE = 2 * 1024
_PRODUCTS = tuple(load_catalogue().products)
_REASONS = tuple(load_catalogue().reasons)

HOLDER = Record(
    "Titulaire",
    "La personne que nomme un certificat PRO ; elle travaille dans la structure et le guichet l'a confirmée.",
    (
        Field("national_id", Text("Identifiant national : 8 et le numéro RPPS…", 64), required=True),
        Field("surname", Text("Nom d'exercice.", 80), required=True),
        Field("given_names", Text("Prénoms.", 80), required=True),
        Field("title", Text("Titre, s'il y a lieu.", 80)),
        Field("profession_code", Whole("Code de profession (table G15), pour un professionnel.", 0, 999)),
    ),
)

_PRODUCT = Field(
    "product", Text("Code du produit, tel que dans la notice.", 16, choices=_PRODUCTS), required=True
)
_HABILITATION = Field(
    "habilitation",
    Text(
        "Référence de l'habilitation. Avec un jeton : inutile, c'est la sienne. "
        "Sans habilitation ni jeton : un produit PS, pour le titulaire de la carte.",
        20,
        example="HAB-7K3QZ-9F2M4",
    ),
)
_NAMES = Field(
    "names",
    Several(
        "Noms demandés, dans l'ordre : le premier est le nom commun. Tous ou aucun.",
        Text("Nom d'hôte, adresse de messagerie ou nom d'application.", 320, example="www.chu-exemple.fr"),
        0,
        1000,
    ),
    required=True,
)
_CSR_TEXT = Text(
    "Demande PKCS#10 : PEM, ou DER en base64. Seule sa clé entre dans le certificat.", LONGEST_CSR, lines=True
)
_HOLDER = Field("holder", HOLDER)
_REPLACES = Field("replaces", Text("Référence du certificat renouvelé.", 20, example="CRT-7K3QZ-9F2M4"))

CERTIFICATE = Record(
    "DemandeDeCertificat",
    "Une demande de certificat.",
    (
        _PRODUCT,
        _HABILITATION,
        _NAMES,
        Field("csr", _CSR_TEXT, required=True),
        _HOLDER,
        _REPLACES,
        Field(
            "terms_accepted",
            Flag("Conditions d'utilisation acceptées. Exigé avec une carte ; acquis avec un jeton."),
        ),
        Field(
            "revocation_code",
            Text("Code de révocation, facultatif : 8 à 128 caractères. Gardé haché seulement.", 128, 8),
        ),
    ),
)
SEVERAL_CERTIFICATES = Record(
    "DemandesDeCertificats",
    "Plusieurs demandes en un appel ; chacune a son résultat.",
    (Field("requests", Several("De 1 à 500 demandes.", CERTIFICATE, 1, MOST_REQUESTS), required=True),),
)
PREVIEW = Record(
    "DemandeDApercu",
    "Ce qui serait demandé. La demande PKCS#10 est facultative : avec elle, le verdict est complet.",
    (_PRODUCT, _HABILITATION, _NAMES, Field("csr", _CSR_TEXT), _HOLDER, _REPLACES),
)
REVOCATION = Record(
    "DemandeDeRevocation",
    "Une révocation : définitive.",
    (
        Field("reason", Text("Motif.", 32, choices=_REASONS), required=True),
        Field(
            "quality",
            Text(
                "Qualité de qui demande. Par défaut : administrator, ou holder pour un produit PS.",
                16,
                choices=tuple(str(quality) for quality in Quality),
            ),
        ),
        Field("explanation", Text("Ce qui s'est passé.", 4000, 0, lines=True)),
    ),
)
_KEY = Field(
    "key",
    Text(
        "La clé publique, un certificat ou une demande (CSR) sur elle, en PEM, une clé JWK, ou l'empreinte "
        "SHA-256 (hexadécimal) de la clé publique. Jamais la clé privée.",
        LONGEST_CSR,
        lines=True,
    ),
    required=True,
)
KEY_NAMED = Record("CleNommee", "Une clé certifiée ici, que l'on dit compromise.", (_KEY,))
KEY_SIGNED = Record(
    "CleProuvee",
    "La preuve que l'on détient la clé : la signature du défi, par elle.",
    (
        _KEY,
        Field(
            "signature",
            Text("Les octets de la signature, en base64.", LONGEST_SIGNATURE, lines=True),
            required=True,
        ),
    ),
)
LIST_QUERY = Record(
    "ListeDeCertificats",
    "Une page de la liste.",
    (
        Field("after", Text("Suite de la liste : la valeur `next` de la page précédente.", 20)),
        Field("limit", Whole("Taille de la page.", 1, 200)),
        Field("habilitation", Text("Seulement ceux de cette habilitation.", 20)),
    ),
)


def query_value(shape: Shape, text: str) -> Any:
    """A parameter of an address as its shape wants it; left as text when it is not that."""
    is_number = isinstance(shape, Whole) and text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if is_number else text


def as_request(read: Mapping[str, Any], *, within: str) -> CertificateRequest:
    """The request of a body; `within` is the token's right. `Refused` as `read_person_id` does."""
    holder = read.get("holder")
    return CertificateRequest(
        product=read["product"],
        names=tuple(read["names"]),
        csr=read.get("csr", "").encode("utf-8"),
        habilitation=read.get("habilitation") or within or None,
        holder=None if holder is None else _holder(holder),
        replaces=read.get("replaces", ""),
    )


def _holder(read: Mapping[str, Any]) -> Person:
    present = machine()
    mode = IdentifierMode(present.catalogue.environments[present.environment].identifier_mode)
    return Person(
        national_id=read_person_id(read["national_id"], subject="holder.national_id", mode=mode).require(),
        surname=read["surname"],
        given_names=read["given_names"],
        title=read.get("title", ""),
        profession_code=read.get("profession_code"),
    )
