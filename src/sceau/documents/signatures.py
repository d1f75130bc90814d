"""The signatures of a form, as the child saw them: what they cover, whether they hold, what changed since.

Decides whether the form that was read is the one that somebody signed, and nothing of who that is: the
certificate is given on to `identity`. An altered or forged signature refuses the file; anything else that is
less than one signature over the whole file, of what the pages show, is a doubt, and a person looks [ASSURANCE
T01].
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sceau.catalogue import PdfLayout
from sceau.documents.fields import FieldKind, PdfField
from sceau.vocabulary import Finding, displayed

_MOST_TOLD = 10
_SEEN = re.compile(r"[^0-9A-Za-z@.\-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class FormSignature:
    """Somebody's signature over the form that was read. `certificate` (DER) is the one that came in the file,
    and nobody looked at whose it is yet; `at` is when the signer says to have signed (aware), None if nothing
    says so. `doubts` are the reasons why a person has to look: without any, what was read is what was signed.
    """

    field: str
    certificate: bytes
    at: datetime | None
    doubts: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """What the verifier gave: the signature to judge, the answer of its revision's reader, the findings.
    `held` are all the signatures that hold over what they cover, each with its revision's answer: one of them
    may be a seal, which is judged apart and never makes a visa.
    """

    signature: FormSignature | None
    revision: Mapping[str, Any] | None
    findings: tuple[Finding, ...]
    held: tuple[tuple[FormSignature, Mapping[str, Any]], ...] = ()


def is_signed(fields: Iterable[PdfField]) -> bool:
    """Whether some field of the form bears a signature."""
    return any(field.kind is FieldKind.SIGNATURE and field.value for field in fields)


def read_signatures(answer: Mapping[str, Any]) -> Signed:
    """The signatures in the verifier's answer. An error in the findings: the file is refused."""
    told = answer.get("signatures")
    if answer.get("error") == "too-much":
        return Signed(None, None, (Finding.error("pdf.too-heavy", "pdf"),))
    if not isinstance(told, list) or not told or not all(isinstance(one, dict) for one in told):
        return Signed(None, None, (Finding.error("pdf.signature-unreadable", "pdf"),))
    findings: list[Finding] = []
    for one in told:
        findings += _check_one(one)
    if len(told) > 1:
        findings.append(Finding.warning("pdf.several-signatures", "pdf", count=len(told)))
    last = max(told, key=_reach)
    revision = last.get("revision")
    certificate = _certificate(last)
    if not isinstance(revision, dict) or certificate is None or revision.get("error"):
        findings.append(Finding.error("pdf.signature-unreadable", _name(last)))
        return Signed(None, None, tuple(dict.fromkeys(findings)))
    signature = FormSignature(_name(last), certificate, _moment(last.get("at")), tuple(findings))
    return Signed(signature, revision, tuple(dict.fromkeys(findings)), tuple(_held(told)))


def _held(told: Iterable[Mapping[str, Any]]) -> Iterable[tuple[FormSignature, Mapping[str, Any]]]:
    for one in told:
        certificate, revision = _certificate(one), one.get("revision")
        covers = one.get("coverage") in ("ENTIRE_FILE", "ENTIRE_REVISION")
        if one.get("holds") is True and covers and certificate is not None and isinstance(revision, dict):
            yield FormSignature(_name(one), certificate, _moment(one.get("at")), ()), revision


def _check_one(one: Mapping[str, Any]) -> Iterable[Finding]:
    subject, why = _name(one), one.get("why")
    if one.get("holds") is not True:
        yield _broken(subject, str(why))
    if one.get("coverage") not in ("ENTIRE_FILE", "ENTIRE_REVISION"):
        yield Finding.error("pdf.signature-range", subject)
    elif one["coverage"] != "ENTIRE_FILE" or one.get("changed") != "NONE":
        yield Finding.warning("pdf.signature-changed-after", subject)


def _broken(subject: str, why: str) -> Finding:
    by_reason = {
        "altered": Finding.error("pdf.signature-altered", subject),
        "forged": Finding.error("pdf.signature-forged", subject),
        "weak": Finding.warning("pdf.signature-weak", subject),
        "form-unknown": Finding.warning("pdf.signature-form-unknown", subject),
        "not-of-a-person": Finding.warning("pdf.signature-not-of-a-person", subject),
    }
    return by_reason.get(why, Finding.error("pdf.signature-unreadable", subject))


def other_values(signed: Iterable[PdfField], now: Iterable[PdfField]) -> Iterable[Finding]:
    """The fields that the file shows otherwise than they were signed: what was signed is what is read."""
    before = {field.name: field for field in signed}
    told = 0
    for field in now:
        was = before.get(field.name)
        if field.kind is FieldKind.SIGNATURE or (was is not None and _said(was) == _said(field)):
            continue
        told += 1
        if told <= _MOST_TOLD:
            yield Finding.warning(
                "pdf.signature-other-value",
                displayed(field.name),
                signed=displayed(_said(was) if was else "–"),
                now=displayed(_said(field)),
            )


def looks(answer: Mapping[str, Any], fields: Iterable[PdfField], layout: PdfLayout | None) -> list[Finding]:
    """Where what a page shows is not what its fields say: of any file."""
    found = [
        Finding.warning(
            "pdf.shows-otherwise",
            displayed(field.name),
            value=displayed(field.value or ""),
            shown=displayed(str(look)),
        )
        for field in fields
        for look in field.looks
        if isinstance(look, str) and _SEEN.sub("", look) != _SEEN.sub("", field.value or "")
    ]
    if layout is not None and layout.contents and answer.get("contents") != list(layout.contents):
        found.append(Finding.warning("pdf.page-changed", "pdf"))
    strangers = answer.get("strangers")
    if layout is not None and strangers:
        found.append(Finding.warning("pdf.page-covered", "pdf", count=displayed(str(strangers))))
    return found[:_MOST_TOLD]


def unseen(answer: Mapping[str, Any], fields: Iterable[PdfField], layout: PdfLayout) -> Iterable[Finding]:
    """What nobody can say that a signatory saw: it takes a person to look at a signed file that has such."""
    if not layout.contents:
        yield Finding.warning("pdf.page-unknown", "pdf")
    fonts = answer.get("fonts")
    if not isinstance(fonts, list) or not set(fonts) <= set(layout.fonts):
        yield Finding.warning("pdf.font-unknown", "pdf")
    for field in [
        field
        for field in fields
        if field.kind is FieldKind.TEXT
        and field.value
        and not all(isinstance(one, str) for one in field.looks)
    ][:_MOST_TOLD]:
        yield Finding.warning("pdf.look-unknown", displayed(field.name))


def _said(field: PdfField) -> str:
    if field.kind is FieldKind.BOX:
        return {True: "cochée", False: "non cochée", None: "?"}[field.ticked]
    return field.value or ""


def _name(one: Mapping[str, Any]) -> str:
    return displayed(str(one.get("field") or "–"))


def _reach(one: Mapping[str, Any]) -> int:
    end = one.get("end")
    return end if isinstance(end, int) and isinstance(one.get("revision"), dict) else -1


def _certificate(one: Mapping[str, Any]) -> bytes | None:
    try:
        return base64.b64decode(str(one.get("certificate") or ""), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
