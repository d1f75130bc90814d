"""Documents as people send them: for now, form 413 as a PDF, opened where it can do no harm."""

from sceau.documents.form_pdf import MOST_BYTES, FormPdf, read_form_pdf
from sceau.documents.piece import CONTENT_TYPES, PieceFile, read_piece_file

__all__ = ["CONTENT_TYPES", "MOST_BYTES", "FormPdf", "PieceFile", "read_form_pdf", "read_piece_file"]
