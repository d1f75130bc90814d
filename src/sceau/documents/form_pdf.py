"""A form 413 received as a PDF: the raw form and every finding, or why this file is not read [ASSURANCE T30].

The file is opened in a child process with limits (`sandbox`); here it is only bytes. Files that could act
(scripts, launches, attachments), hide (encryption, something before or after) or break (truncated, too heavy)
are refused by name, and the desk keys the form. Of a signed file, a second child verifies the signature, and
the form is read from what was signed and from nothing that came after (`signatures`); whose signature it is,
is not told here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sceau.catalogue import PdfLayout, load_catalogue
from sceau.documents.fields import PdfField, read_answer
from sceau.documents.pdf_mapping import Mapper, edition_of, values_of
from sceau.documents.sandbox import run_apart, verify_apart
from sceau.documents.signatures import (
    FormSignature,
    is_signed,
    looks,
    other_values,
    read_signatures,
    unseen,
)
from sceau.vocabulary import Finding, displayed, errors

MOST_BYTES = 10 * 1024 * 1024
MOST_PAGES = 20
_HEADER = b"%PDF-"
_END = b"%%EOF"
_BLANK = b" \t\r\n\x00\xef\xbb\xbf"
_MOST_BEFORE = 8
_MOST_AFTER = 1024


@dataclass(frozen=True, slots=True)
class FormPdf:
    """What a PDF gave. `raw` goes to `registration.read_form`; it is None when a finding is an error.

    `edition` is the code of the edition recognised; `values` every field as it was read, for a person to
    compare; `sha256` the hex digest of the file. `signature` is the one over what was read, if there is one;
    `order` and `version` name the order that the file says it was made from (empty and 0: none). `seals` are
    all the signatures that hold over the very values that were read.
    """

    raw: dict[str, Any] | None
    edition: str | None
    findings: tuple[Finding, ...]
    sha256: str
    values: Mapping[str, str | bool | None]
    signature: FormSignature | None = None
    order: str = ""
    version: int = 0
    seals: tuple[FormSignature, ...] = ()


def read_form_pdf(data: bytes) -> FormPdf:
    """The form in a PDF file. Raises `Fault` (retryable) when the reading process could not be started."""
    digest = hashlib.sha256(data).hexdigest()
    refused = _check_envelope(data)
    if refused:
        return FormPdf(None, None, refused, digest, {})
    answer = run_apart(data)
    refused = _check_answer(answer)
    if refused:
        return FormPdf(None, None, refused, digest, {})
    try:
        return _read_fields(data, answer, digest)
    except ValueError:
        return FormPdf(None, None, (Finding.error("pdf.damaged", "pdf"),), digest, {})


def check_pdf(data: bytes) -> tuple[Finding, ...]:
    """Why a PDF that is kept as a piece may not be: encrypted, truncated, damaged, too heavy, or anything in
    it that could act (but the scripts of an edition of the form). Raises `Fault` as `read_form_pdf`.
    """
    refused = _check_envelope(data)
    if refused:
        return refused
    answer = run_apart(data)
    refused = _check_answer(answer)
    if refused:
        return refused
    try:
        edition = edition_of(read_answer(answer), load_catalogue().editions)
    except ValueError:
        return (Finding.error("pdf.damaged", "pdf"),)
    return tuple(_check_hazards(answer, edition.pdf if edition else None))


def _read_fields(data: bytes, answer: Mapping[str, Any], digest: str) -> FormPdf:
    fields = read_answer(answer)
    values = values_of(fields)
    edition = edition_of(fields, load_catalogue().editions)
    layout = edition.pdf if edition else None
    findings = [*_check_hazards(answer, layout), *_check_pages(answer, layout)]
    if edition is None or layout is None:
        findings.append(_no_edition(len(fields)))
        return FormPdf(None, None, tuple(findings), digest, values)
    if not is_signed(fields):
        findings += looks(answer, fields, layout)
        mapper = Mapper.of(edition, layout, fields)
        return _found(mapper, findings, digest=digest, values=values, signature=None)
    signed = _signed_form(data, fields, layout)
    findings += signed.findings
    if signed.fields is None or errors(findings):
        return FormPdf(None, edition.code, tuple(findings), digest, values)
    mapper = Mapper.of(edition, layout, signed.fields)
    values = values_of(signed.fields)
    found = _found(mapper, findings, digest=digest, values=values, signature=signed.signature)
    return replace(found, seals=signed.seals)


@dataclass(frozen=True, slots=True)
class _SignedForm:
    """The form as it was signed: the fields of that revision, the signature with its doubts, and every
    signature over the same values.
    """

    fields: tuple[PdfField, ...] | None
    signature: FormSignature | None
    findings: tuple[Finding, ...]
    seals: tuple[FormSignature, ...] = ()


def _signed_form(data: bytes, now: tuple[PdfField, ...], layout: PdfLayout) -> _SignedForm:
    """What was signed, verified apart; anything that was not signed, or was not seen, is a doubt."""
    signed = read_signatures(verify_apart(data))
    if signed.signature is None or signed.revision is None or errors(signed.findings):
        return _SignedForm(None, None, signed.findings)
    fields = read_answer(signed.revision)
    hazards = list(_check_hazards(signed.revision, layout))
    doubts = (
        *signed.signature.doubts,
        *other_values(fields, now),
        *looks(signed.revision, fields, layout),
        *unseen(signed.revision, fields, layout),
    )
    signature = replace(signed.signature, doubts=doubts)
    seals = tuple(one for one, revision in signed.held if _says_the_same(revision, fields))
    return _SignedForm(fields, signature, (*hazards, *dict.fromkeys((*signed.findings, *doubts))), seals)


def _says_the_same(revision: Mapping[str, Any], fields: tuple[PdfField, ...]) -> bool:
    """Whether a revision has the values that were read, no more and no fewer."""
    try:
        theirs = read_answer(revision)
    except ValueError:
        return False
    return not any(other_values(theirs, fields)) and not any(other_values(fields, theirs))


def _found(
    mapper: Mapper,
    findings: list[Finding],
    *,
    digest: str,
    values: Mapping[str, str | bool | None],
    signature: FormSignature | None,
) -> FormPdf:
    """The form in the fields, its findings after those of the file."""
    raw = mapper.raw()
    every = (*findings, *mapper.findings)
    order, version = mapper.order()
    if errors(every):
        return FormPdf(None, mapper.edition.code, every, digest, values, signature, order, version)
    return FormPdf(raw, mapper.edition.code, every, digest, values, signature, order, version)


def _no_edition(fields: int) -> Finding:
    if fields == 0:
        return Finding.error("pdf.no-fields", "pdf")
    return Finding.error("pdf.edition-unknown", "pdf", count=fields)


def _check_envelope(data: bytes) -> tuple[Finding, ...]:
    """What can be seen without opening the file: its size, its beginning, its end."""
    if len(data) > MOST_BYTES:
        return (Finding.error("pdf.too-large", "pdf", found=len(data), most=MOST_BYTES),)
    start = data.find(_HEADER, 0, _MOST_AFTER + len(_HEADER))
    if start < 0:
        return (Finding.error("pdf.not-a-pdf", "pdf"),)
    findings = []
    if start > _MOST_BEFORE or data[:start].strip(_BLANK):
        findings.append(Finding.error("pdf.something-before", "pdf", count=start))
    end = data.rfind(_END)
    after = data[end + len(_END) :]
    if end < 0:
        findings.append(Finding.error("pdf.truncated", "pdf"))
    elif len(after) > _MOST_AFTER or after.strip(_BLANK):
        findings.append(Finding.error("pdf.something-after", "pdf", count=len(after)))
    return tuple(findings)


def _check_answer(answer: Mapping[str, Any]) -> tuple[Finding, ...]:
    error = answer.get("error")
    if error is None:
        return ()
    if error == "encrypted":
        return (Finding.error("pdf.encrypted", "pdf"),)
    if error == "too-much":
        return (Finding.error("pdf.too-heavy", "pdf"),)
    return (Finding.error("pdf.damaged", "pdf"),)


def _check_pages(answer: Mapping[str, Any], layout: PdfLayout | None) -> Iterable[Finding]:
    pages = answer.get("pages")
    if not isinstance(pages, int) or pages > MOST_PAGES:
        yield Finding.error("pdf.too-many-pages", "pdf", found=displayed(str(pages)), most=MOST_PAGES)
    elif layout is not None and pages != layout.pages:
        yield Finding.warning("pdf.other-pages", "pdf", found=pages, expected=layout.pages)


def _check_hazards(answer: Mapping[str, Any], layout: PdfLayout | None) -> Iterable[Finding]:
    """Everything that could act, but the scripts that the edition's own file has; each kind said once."""
    allowed = layout.scripts if layout else ()
    hazards = answer.get("hazards", [])
    found = {
        (str(hazard.get("kind")), str(hazard.get("detail")))
        for hazard in (hazards if isinstance(hazards, list) else [])
        if isinstance(hazard, dict)
        and not (hazard.get("kind") == "javascript" and hazard.get("detail") in allowed)
    }
    for kind in sorted({kind for kind, _ in found}):
        detail = displayed(next(text for name, text in sorted(found) if name == kind))
        yield _hazard(kind, detail)


def _hazard(kind: str, detail: str) -> Finding:
    by_kind = {
        "javascript": Finding.error("pdf.javascript", "pdf", script=detail),
        "launch": Finding.error("pdf.launch", "pdf"),
        "automatic-action": Finding.error("pdf.automatic-action", "pdf", action=detail),
        "embedded-file": Finding.error("pdf.embedded-file", "pdf"),
        "xfa": Finding.error("pdf.xfa", "pdf"),
        "rich-media": Finding.error("pdf.rich-media", "pdf", media=detail),
    }
    return by_kind.get(kind, Finding.error("pdf.action", "pdf", action=detail))
