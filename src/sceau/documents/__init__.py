"""Documents as people send them: for now, form 413 as a PDF, opened where it can do no harm."""

from sceau.documents.form_pdf import MOST_BYTES, FormPdf, read_form_pdf

__all__ = ["MOST_BYTES", "FormPdf", "read_form_pdf"]
