"""What a piece's file is, told by its bytes: PDF, JPEG, PNG, TIFF; whether a PDF could act [ASSURANCE T30].

The name and the type that a sender announces are not looked at. A PDF is opened only in the child process;
anything that could act, hide or break is refused by name, as for a form. Images are recognised by their first
bytes and never decoded here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sceau.catalogue import Medium
from sceau.documents.form_pdf import check_pdf
from sceau.vocabulary import Finding

_BEGINNINGS: tuple[tuple[bytes, Medium], ...] = (
    (b"%PDF-", Medium.PDF),
    (b"\xff\xd8\xff", Medium.JPEG),
    (b"\x89PNG\r\n\x1a\n", Medium.PNG),
    (b"II*\x00", Medium.TIFF),
    (b"MM\x00*", Medium.TIFF),
)
CONTENT_TYPES = {
    Medium.PDF: "application/pdf",
    Medium.JPEG: "image/jpeg",
    Medium.PNG: "image/png",
    Medium.TIFF: "image/tiff",
    Medium.JSON: "application/json",
}


@dataclass(frozen=True, slots=True)
class PieceFile:
    """What was recognised (None: nothing we take), and every reason against taking it."""

    medium: Medium | None
    findings: tuple[Finding, ...]


def medium_of(data: bytes) -> Medium | None:
    """What the bytes are, by how they begin; None for anything else."""
    return next((medium for beginning, medium in _BEGINNINGS if data.startswith(beginning)), None)


def read_piece_file(data: bytes) -> PieceFile:
    """What a file is, and whether it may be kept. Raises `Fault` (retryable) when the reading process could
    not be started.
    """
    medium = medium_of(data)
    if medium is None:
        return PieceFile(None, (Finding.error("piece.medium-unknown", "piece"),))
    if medium is Medium.PDF:
        return PieceFile(medium, check_pdf(data))
    if b"<script" in data[:65_536].lower() or b"<svg" in data[:65_536].lower():
        return PieceFile(medium, (Finding.error("piece.two-in-one", "piece"),))
    return PieceFile(medium, ())
