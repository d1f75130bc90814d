"""The door's description, OpenAPI 3.1: made of the routes and of the declarations that validate requests."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from sceau import __version__
from sceau.enrolment.rest.answers import PROBLEM
from sceau.enrolment.rest.problems import TITLES
from sceau.enrolment.rest.routes import PEM_TYPE, ROUTES, Route, is_file
from sceau.enrolment.rest.shapes import Record, record_schema, records_in, schema_of

ALWAYS = (400, 413, 415, 429, 500)
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "De 1 à 40 caractères parmi lettres, chiffres et . _ ~ - ; un UUID convient. "
    "La même clé et le même corps donnent la première réponse ; un autre corps, 409.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 40, "pattern": "^[A-Za-z0-9._~-]+$"},
}
REFERENCE = {
    "name": "reference",
    "in": "path",
    "required": True,
    "description": "Référence du certificat.",
    "schema": {"type": "string", "pattern": "^CRT-[0-9A-Z]{5}-[0-9A-Z]{5}$"},
}

LANGUAGE = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "La langue des phrases (titres, constats, remèdes) : fr, par défaut, ou en. "
    "Les codes n'en changent pas ; Content-Language dit celle qui a servi.",
    "schema": {"type": "string", "default": "fr"},
}


def description(address: str) -> dict[str, Any]:
    """The whole document, for the door at `address` (https://host:port)."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sceau : interface programmable",
            "version": __version__,
            "description": "Demander, suivre et révoquer des certificats. Les règles sont celles des pages.",
        },
        "servers": [{"url": address}],
        "paths": paths,
        "components": {
            "schemas": {name: record_schema(record) for name, record in sorted(_records().items())},
            "securitySchemes": {
                "carte": {
                    "type": "mutualTLS",
                    "description": "Certificat d'une carte de la santé, prouvé dans la poignée de main TLS.",
                },
                "jeton": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Jeton lié à une habilitation, créé carte en main par son titulaire.",
                },
            },
        },
    }


def _records() -> dict[str, Record]:
    found = dict(records_in(PROBLEM))
    for route in ROUTES:
        for record in (*route.bodies, *route.answers.values()):
            if record is not None:
                found.update(records_in(record))
    return found


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": route.about,
        "security": [] if route.is_open else [{"carte": []}, {"jeton": []}],
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if route.bodies:
        schemas = [schema_of(body) for body in route.bodies]
        schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [LANGUAGE]
    if "{reference}" in route.path:
        found.append(REFERENCE)
    if route.changes:
        found.append(KEY)
    for field in route.query.fields if route.query else ():
        found.append(
            {
                "name": field.name,
                "in": "query",
                "required": field.required,
                "description": field.shape.about,
                "schema": schema_of(field.shape),
            }
        )
    return found


def _responses(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, record in route.answers.items():
        kind = PEM_TYPE if is_file(route) else "application/json"
        schema = {"type": "string" if is_file(route) else "object"} if record is None else schema_of(record)
        found[str(status)] = {"description": HTTPStatus(status).phrase, "content": {kind: {"schema": schema}}}
    open_to_all = () if route.is_open else (401,)
    for status in sorted({*ALWAYS, *open_to_all, *route.refusals}):
        found[str(status)] = {
            "description": TITLES[status],
            "content": {"application/problem+json": {"schema": schema_of(PROBLEM)}},
        }
    return found
