"""What ISO 19005-3 asks of a PDF/A-3a file, read by another library (qpdf) than the typesetter that writes
ours.

Not the whole standard: no colour or glyph is painted. It reads what a reader in thirty years depends on: the
file's form, its metadata, its fonts, its structure, its attachments, and that nothing in it acts or is
elsewhere.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Name

_ACTIONS = {"/JavaScript", "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/Rendition"}
_FILTERS = {"/LZWDecode", "/Crypt"}
_PROGRAMS = ("/FontFile", "/FontFile2", "/FontFile3")


def pdfa_faults(data: bytes) -> list[str]:
    """Every clause that a file breaks; none for a good one."""
    found = [*_form(data)]
    with pikepdf.open(io.BytesIO(data)) as pdf:
        found += [f"6.1 {problem}" for problem in pdf.check_pdf_syntax()]
        if "/Encrypt" in pdf.trailer or pdf.is_encrypted:
            found.append("6.1.3 encrypted")
        if "/ID" not in pdf.trailer:
            found.append("6.1.3 no ID")
        root = pdf.Root
        found += [*_metadata(pdf), *_colour(root), *_structure(root), *_attachments(root)]
        for holder in pdf.objects:
            found += _object(holder)
    return found


def _form(data: bytes) -> Iterator[str]:
    first, _, rest = data.partition(b"\n")
    if first.rstrip() not in {b"%PDF-1.4", b"%PDF-1.5", b"%PDF-1.6", b"%PDF-1.7"}:
        yield "6.1.2 header"
    if rest[:1] != b"%" or sum(octet > 127 for octet in rest[1:5]) < 4:
        yield "6.1.2 no binary comment"
    if not data.rstrip().endswith(b"%%EOF"):
        yield "6.1.3 something after the end"


def _metadata(pdf: pikepdf.Pdf) -> Iterator[str]:
    stream = pdf.Root.get("/Metadata")
    if stream is None:
        yield "6.6.2.1 no metadata"
        return
    if stream.get("/Type") != Name.Metadata or stream.get("/Subtype") != Name.XML:
        yield "6.6.2.1 metadata of another kind"
    if b'bytes="' in stream.read_bytes()[:200] or b"encoding=" in stream.read_bytes()[:200]:
        yield "6.6.2.1 packet attributes"
    with pdf.open_metadata() as read:
        if (read.get("pdfaid:part"), read.get("pdfaid:conformance")) != ("3", "A"):
            yield "6.6.4 does not say PDF/A-3a"
        title = pdf.docinfo.get("/Title")
        if title is not None and str(title) != read.get("dc:title"):
            yield "6.6.2 title in two words"


def _colour(root: Any) -> Iterator[str]:
    intents = [one for one in root.get("/OutputIntents", []) if one.get("/S") == Name.GTS_PDFA1]
    if len(intents) != 1:
        yield "6.2.3 output intent"
        return
    profile = intents[0].get("/DestOutputProfile")
    icc = b"" if profile is None else profile.read_bytes()
    if icc[36:40] != b"acsp" or int.from_bytes(icc[:4], "big") != len(icc):
        yield "6.2.3 no ICC profile"


def _structure(root: Any) -> Iterator[str]:
    if not (root.get("/MarkInfo") or {}).get("/Marked"):
        yield "6.7.2 not marked"
    tree = root.get("/StructTreeRoot")
    if tree is None or "/K" not in tree:
        yield "6.7.3 no structure"
    if not str(root.get("/Lang", "")):
        yield "6.7.4 no language"
    if "/AA" in root or "/JavaScript" in (root.get("/Names") or {}):
        yield "6.5 acts by itself"


def _attachments(root: Any) -> Iterator[str]:
    names = (root.get("/Names") or {}).get("/EmbeddedFiles")
    listed = list(_leaves(names)) if names is not None else []
    associated = [one.objgen for one in root.get("/AF", [])]
    for spec in listed:
        called = str(spec.get("/UF", "?"))
        if spec.get("/Type") != Name.Filespec or "/F" not in spec or "/UF" not in spec:
            yield f"6.8 {called}: F and UF"
        if spec.get("/AFRelationship") not in {
            *(Name.Source, Name.Data, Name.Alternative, Name.Supplement, Name.Unspecified),
        }:
            yield f"6.8 {called}: no relationship"
        if spec.objgen not in associated:
            yield f"6.8 {called}: not associated"
        file = spec.EF.get("/F")
        if "/" not in str(file.get("/Subtype", ""))[1:]:
            yield f"6.8 {called}: no media type"
        if "/ModDate" not in (file.get("/Params") or {}):
            yield f"6.8 {called}: no date"
    if len(associated) != len(listed):
        yield "6.8 associated files that are not embedded"


def _leaves(node: Any) -> Iterator[Any]:
    names = list(node.get("/Names", []))
    yield from names[1::2]
    for kid in node.get("/Kids", []):
        yield from _leaves(kid)


def _object(holder: Any) -> Iterator[str]:
    if not isinstance(holder, pikepdf.Dictionary | pikepdf.Stream):
        return
    if isinstance(holder, pikepdf.Stream):
        filters: Any = holder.get("/Filter", [])
        named = {str(one) for one in ([filters] if isinstance(filters, Name) else filters)}
        if named & _FILTERS:
            yield "6.1.7 filter"
        if "/F" in holder and holder.get("/Type") != Name.Filespec:
            yield "6.1.7 content elsewhere"
        if holder.get("/Interpolate"):
            yield "6.2.8 interpolated image"
    if str(holder.get("/S", "")) in _ACTIONS and "/Type" in holder and holder.Type == Name.Action:
        yield f"6.5.1 {holder.S}"
    if holder.get("/Type") == Name.FontDescriptor and not any(name in holder for name in _PROGRAMS):
        yield f"6.2.11.4 {holder.get('/FontName')}: not embedded"
    if (
        holder.get("/Type") == Name.Font
        and holder.get("/Subtype") == Name.Type0
        and "/ToUnicode" not in holder
    ):
        yield f"6.2.11.7 {holder.get('/BaseFont')}: no Unicode"
