"""The words of the field, read once and trusted after: identifiers, names, contacts, places, findings.

Each `read_*` takes text as a person typed it and gives a `Reading`: a typed value, or every finding at once.
"""

from sceau.vocabulary.application_names import ApplicationName, read_application_name
from sceau.vocabulary.contacts import EmailAddress, read_email
from sceau.vocabulary.findings import (
    Fault,
    Finding,
    Reading,
    Refused,
    Severity,
    errors,
    read_ok,
    read_refused,
)
from sceau.vocabulary.host_names import HostName, read_declared_host_name, read_host_name
from sceau.vocabulary.life import Life
from sceau.vocabulary.mailboxes import Mailbox, read_mailbox
from sceau.vocabulary.national import PersonId, StructureId, read_person_id, read_structure_id
from sceau.vocabulary.phones import PhoneNumber, read_phone
from sceau.vocabulary.places import Postcode, read_commune, read_postcode
from sceau.vocabulary.professionals import (
    Adeli,
    AdeliRang,
    CardNumber,
    Rpps,
    RppsRang,
    read_adeli,
    read_adeli_rang,
    read_card_number,
    read_rpps,
    read_rpps_rang,
)
from sceau.vocabulary.spelling import displayed
from sceau.vocabulary.structures import Finess, Siren, Siret, read_finess, read_siren, read_siret
from sceau.vocabulary.suffixes import is_public_suffix, public_suffix, registrable_name, special_use
from sceau.vocabulary.typed_text import IdentifierMode
from sceau.vocabulary.validity import Term, Validity, three_years_from, validity_from

__all__ = [
    "Adeli",
    "AdeliRang",
    "ApplicationName",
    "CardNumber",
    "EmailAddress",
    "Fault",
    "Finding",
    "Finess",
    "HostName",
    "IdentifierMode",
    "Life",
    "Mailbox",
    "PersonId",
    "PhoneNumber",
    "Postcode",
    "Reading",
    "Refused",
    "Rpps",
    "RppsRang",
    "Severity",
    "Siren",
    "Siret",
    "StructureId",
    "Term",
    "Validity",
    "displayed",
    "errors",
    "is_public_suffix",
    "public_suffix",
    "read_adeli",
    "read_adeli_rang",
    "read_application_name",
    "read_card_number",
    "read_commune",
    "read_declared_host_name",
    "read_email",
    "read_finess",
    "read_host_name",
    "read_mailbox",
    "read_ok",
    "read_person_id",
    "read_phone",
    "read_postcode",
    "read_refused",
    "read_rpps",
    "read_rpps_rang",
    "read_siren",
    "read_siret",
    "read_structure_id",
    "registrable_name",
    "special_use",
    "three_years_from",
    "validity_from",
]
