"""Every address of this door: method, who may, what goes in, what comes out. OpenAPI is made of this."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from sceau.enrolment.rest import answers, calls, requests
from sceau.enrolment.rest.calls import BASE, PEM_TYPE, Call, Reply
from sceau.enrolment.rest.shapes import Record

SMALL, LARGE = 64 * 1024, 12 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Route:
    """One address under one method.

    `bodies` are the records its body may be (the second when it has `requests`); `answers` the record behind
    each status that is no problem, None for a file. `changes` asks for an idempotency key. `counted` names
    what is tried where anybody may, in the count that the pages keep by address.
    """

    method: str
    path: str
    name: str
    summary: str
    about: str
    act: Callable[[Call], Reply] | None
    answers: dict[int, Record | None]
    bodies: tuple[Record, ...] = ()
    query: Record | None = None
    refusals: tuple[int, ...] = ()
    changes: bool = False
    is_open: bool = False
    limit: int = SMALL
    counted: str = ""


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{BASE}/certificates",
        "demanderDesCertificats",
        "Demander un certificat, ou jusqu'à 500",
        "La délivrance vaut remise. Une seule : 201. Plusieurs : 200, avec un résultat pour chacune.",
        calls.post_certificates,
        {201: answers.CERTIFICATE_TOLD, 200: answers.RESULTS},
        bodies=(requests.CERTIFICATE, requests.SEVERAL_CERTIFICATES),
        refusals=(404, 409, 422, 503),
        changes=True,
        limit=LARGE,
    ),
    Route(
        "GET",
        f"{BASE}/certificates",
        "listerLesCertificats",
        "Vos certificats, du plus récent au plus ancien",
        "Avec un jeton : ceux de son habilitation.",
        calls.get_certificates,
        {200: answers.CERTIFICATE_PAGE},
        query=requests.LIST_QUERY,
        refusals=(404,),
    ),
    Route(
        "GET",
        f"{BASE}/certificates/{{reference}}.pem",
        "lireLePem",
        "Le certificat seul, en PEM",
        "Pour un fichier de serveur.",
        calls.get_pem,
        {200: None},
        refusals=(404, 409),
    ),
    Route(
        "GET",
        f"{BASE}/certificates/{{reference}}/chain.pem",
        "lireLaChaine",
        "Le certificat suivi de ses autorités, en PEM, sans la racine",
        "Ce qu'attendent nginx, Apache, HAProxy, Postfix.",
        calls.get_chain,
        {200: None},
        refusals=(404, 409),
    ),
    Route(
        "GET",
        f"{BASE}/certificates/{{reference}}",
        "lireUnCertificat",
        "Un certificat et son état",
        "Ce qui n'est pas à vous n'existe pas : 404.",
        calls.get_certificate,
        {200: answers.CERTIFICATE_TOLD},
        refusals=(404,),
    ),
    Route(
        "POST",
        f"{BASE}/certificates/{{reference}}/revocation",
        "revoquer",
        "Révoquer, définitivement",
        "Demander à nouveau avec le même motif donne la première réponse ; avec un autre motif, 409.",
        calls.post_revocation,
        {200: answers.CERTIFICATE_TOLD},
        bodies=(requests.REVOCATION,),
        refusals=(403, 404, 409, 422, 503),
        changes=True,
    ),
    Route(
        "GET",
        f"{BASE}/habilitations",
        "listerLesHabilitations",
        "Vos habilitations",
        "Avec un jeton : la sienne.",
        calls.get_habilitations,
        {200: answers.HABILITATIONS},
    ),
    Route(
        "POST",
        f"{BASE}/preview",
        "apercevoir",
        "Le sujet exact et le verdict, sans rien demander",
        "Rien n'est gardé, rien n'est signé ; aucune clé d'idempotence n'est attendue.",
        calls.post_preview,
        {200: answers.VERDICT},
        bodies=(requests.PREVIEW,),
        refusals=(404, 422),
    ),
    Route(
        "POST",
        f"{BASE}/compromised-keys/challenge",
        "demanderUnDefi",
        "La ligne à signer pour faire bloquer une clé compromise",
        "Sans carte ni jeton : qui détient la clé le prouve en la signant. Redemandée dans l'heure, la même "
        "ligne ; aucune clé d'idempotence n'est attendue.",
        calls.post_key_challenge,
        {200: answers.CHALLENGE},
        bodies=(requests.KEY_NAMED,),
        refusals=(404, 422, 503),
        is_open=True,
        counted="key",
    ),
    Route(
        "POST",
        f"{BASE}/compromised-keys",
        "signalerUneCleCompromise",
        "Faire bloquer une clé compromise et révoquer tous ses certificats, par une signature",
        "Définitif. Sans carte ni jeton. La signature sert une fois ; la renvoyer dans l'heure donne la "
        "première réponse, une autre signature de la même ligne 409.",
        calls.post_compromised_key,
        {200: answers.KEY_ENDED},
        bodies=(requests.KEY_SIGNED,),
        refusals=(404, 409, 422, 503),
        changes=True,
        is_open=True,
        counted="key",
    ),
    Route(
        "GET",
        f"{BASE}/openapi.json",
        "decrire",
        "Cette description",
        "OpenAPI 3.1, faite des déclarations qui valident les demandes.",
        None,
        {200: None},
        is_open=True,
    ),
    Route(
        "GET",
        f"{BASE}/health",
        "etreLa",
        "Le service répond",
        "Sans détail.",
        calls.get_health,
        {200: answers.HEALTH},
        refusals=(503,),
        is_open=True,
    ),
)

_REFERENCE = r"(?P<reference>[A-Z]{3}-[0-9A-Z]{5}-[0-9A-Z]{5})"


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], Route], ...]:
    return tuple(
        (re.compile(re.escape(route.path).replace(r"\{reference\}", _REFERENCE), re.ASCII), route)
        for route in ROUTES
    )


@lru_cache(maxsize=256)
def routes_at(path: str) -> tuple[dict[str, Route], str]:
    """The routes of an address by method, and the reference in it. Empty: there is no such address."""
    found: dict[str, Route] = {}
    reference = ""
    for pattern, route in _patterns():
        matched = pattern.fullmatch(path)
        if matched:
            found[route.method] = route
            reference = matched.groupdict().get("reference", "")
    return found, reference


def is_file(route: Route) -> bool:
    """Whether the route answers with a PEM file."""
    return route.answers.get(200, answers.HEALTH) is None and route.act is not None


__all__ = ["LARGE", "PEM_TYPE", "ROUTES", "SMALL", "Route", "is_file", "routes_at"]
