"""Pages that we make ourselves, as PDF/A with its structure: an evidence file's dossier, a letter.

What they say is handed over as JSON and shown as text: nothing of it is read as a command of the typesetter.
The typesetter is a library in this process, without a network, a font of the system or a file of the disk.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sceau.vocabulary import Fault

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class PageSection:
    """A section: its title, paragraphs, and a table (column names, rows of texts) if it has one."""

    title: str
    lines: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Attached:
    """An original put into the file: the name it has there, its octets, and what it is."""

    file: str
    mime: str
    description: str
    data: bytes


@dataclass(frozen=True, slots=True)
class PostLetter:
    """A letter for the post: to whom, of which day (as text), about what, in paragraphs."""

    sender: tuple[str, ...]
    recipient: tuple[str, ...]
    day: str
    subject: str
    paragraphs: tuple[str, ...]
    reference: str


def make_dossier(
    title: str,
    lead: Sequence[str],
    sections: Sequence[PageSection],
    *,
    at: datetime,
    attached: Sequence[Attached] = (),
) -> bytes:
    """A dossier as PDF/A-3a, with its originals inside. Raises `Fault` (``documents.typeset``)."""
    page = {
        "title": title,
        "author": "Sceau",
        "lead": list(lead),
        "sections": [asdict(one) for one in sections],
    }
    return _with_originals(_typeset("evidence.typ", page, at), attached, at)


def make_letter(letter: PostLetter, *, at: datetime) -> bytes:
    """A letter as PDF/A-3a, to be printed, folded and posted. Raises `Fault` (``documents.typeset``)."""
    return _typeset("letter.typ", asdict(letter), at)


def attachments_of(pdf: bytes) -> dict[str, bytes]:
    """The files inside a PDF of ours, by name. ValueError for what is no PDF. Only for one whose seal was
    verified: a stranger's is read in the child process.
    """
    import pikepdf  # late: most processes never open one

    try:
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            return {name: spec.get_file().read_bytes() for name, spec in opened.attachments.items()}
    except pikepdf.PdfError as error:
        raise ValueError(str(error)) from error


def _with_originals(pdf: bytes, attached: Sequence[Attached], at: datetime) -> bytes:
    """The originals inside, as sources of the document [ISO 19005-3 §6.8]. In memory: some are nobody's to
    see on a disk.
    """
    if not attached:
        return pdf
    import pikepdf

    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        specs = []
        for one in attached:
            spec = pikepdf.AttachedFileSpec(
                opened,
                one.data,
                filename=one.file,
                description=one.description,
                mime_type=one.mime,
                mod_date=f"D:{at.astimezone(UTC):%Y%m%d%H%M%S}Z",  # asked for by PDF/A-3: when it was put in
                relationship=pikepdf.Name.Source,
            )
            opened.attachments[one.file] = spec
            specs.append(spec.obj)
        opened.Root.AF = opened.make_indirect(pikepdf.Array(specs))
        opened.save(written)
    return written.getvalue()


def _typeset(template: str, page: Mapping[str, Any], at: datetime) -> bytes:
    import typst  # late, as above

    sources = {"main": _template(template), "page.json": json.dumps(page).encode()}
    at = at.replace(microsecond=0)  # the typesetter takes no fraction of a second, and a clock gives some
    try:
        compiled: Any = typst.compile  # its types do not know that sources may come by name
        made = compiled(sources, format="pdf", pdf_standards=["a-3a"], ignore_system_fonts=True, timestamp=at)
    except (RuntimeError, ValueError, OSError, typst.TypstError) as error:
        raise Fault("documents.typeset", retryable=False, detail=str(error)[:200]) from error
    if not isinstance(made, bytes):
        raise Fault("documents.typeset", retryable=False, detail=template)
    return made


@cache
def _template(name: str) -> bytes:
    return (_HERE / name).read_bytes()
