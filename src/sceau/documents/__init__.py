"""Documents as people send them, opened where they can do no harm, and form 413 as we make it."""

from sceau.documents.form_fill import fill_form
from sceau.documents.form_pdf import MOST_BYTES, FormPdf, read_form_pdf
from sceau.documents.mail import MOST_MAIL_BYTES, Attachment, FormMail, read_form_mail
from sceau.documents.piece import CONTENT_TYPES, PieceFile, read_piece_file
from sceau.documents.signatures import FormSignature
from sceau.documents.typeset import (
    Attached,
    PageSection,
    PostLetter,
    attachments_of,
    make_dossier,
    make_letter,
)

__all__ = [
    "CONTENT_TYPES",
    "MOST_BYTES",
    "MOST_MAIL_BYTES",
    "Attached",
    "Attachment",
    "FormMail",
    "FormPdf",
    "FormSignature",
    "PageSection",
    "PieceFile",
    "PostLetter",
    "attachments_of",
    "fill_form",
    "make_dossier",
    "make_letter",
    "read_form_mail",
    "read_form_pdf",
    "read_piece_file",
]
