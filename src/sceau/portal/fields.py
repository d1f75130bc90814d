"""Fields of a page's form: label and help from the catalogue, the value as typed, what was found about it.

A field's path is its name, its id and the subject of its findings, so that an error summary can link to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from sceau.catalogue import FieldHelp
from sceau.portal.language import page_catalogue
from sceau.portal.saying import Said, say
from sceau.portal.typography import typeset
from sceau.vocabulary import Finding, Severity


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a field with given answers."""

    value: str
    label: str
    chosen: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """What `parts/field.html` draws. `kind` is an input type, or `textarea`, `pem`, `select`, `radio`,
    `checkboxes`.
    """

    path: str
    label: str
    kind: str = "text"
    value: Any = ""
    help: str = ""
    example: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()
    errors: tuple[Said, ...] = ()
    warnings: tuple[Said, ...] = ()
    width: str = ""
    inputmode: str = ""
    autocomplete: str = ""
    rows: int = 6

    @property
    def described(self) -> SafeString:
        """The attributes that tie help and errors to the input."""
        ids = []
        if self.kind != "checkbox" and (self.help or self.example):
            ids.append(f"{self.path}-aide")
        if self.errors:
            ids.append(f"{self.path}-erreur")
        if self.warnings:
            ids.append(f"{self.path}-note")
        described = format_html(' aria-describedby="{}"', " ".join(ids)) if ids else SafeString("")
        plain = self.kind not in {"radio", "checkboxes"}
        return described + (SafeString(' aria-invalid="true"') if self.errors and plain else SafeString(""))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The values and the findings that a form's fields are drawn from. Paths that are asked for are
    remembered.
    """

    values: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()
    paths: list[str] = field(default_factory=list)

    def field(self, path: str, *, kind: str = "text", choices: Iterable[Choice] = (), **look: Any) -> Field:
        """The field at `path`: label, help and need from the catalogue unless given."""
        self.paths.append(path)
        known = _help_of(path)
        said = say(finding for finding in self.findings if finding.subject == path)
        look["label"] = typeset(look.get("label") or (known.label if known else path))
        look["help"] = typeset(look.get("help", known.text if known else ""))
        look.setdefault("example", known.example if known else "")
        look.setdefault("required", bool(known and known.required))
        look.setdefault("value", value_at(self.values, path))
        return Field(
            path=path,
            kind=kind,
            choices=tuple(choices),
            errors=tuple(one for one in said if one.severity is Severity.ERROR),
            warnings=tuple(one for one in said if one.severity is not Severity.ERROR),
            **look,
        )


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """The value of `path` in nested mappings and lists, "" where there is none."""
    here: Any = values
    for step in path.split("."):
        if isinstance(here, Mapping):
            here = here.get(step)
        elif isinstance(here, list | tuple) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        else:
            return ""
    return "" if here is None else here


def _help_of(path: str) -> FieldHelp | None:
    return page_catalogue().help.get(".".join(step for step in path.split(".") if not step.isdecimal()))
