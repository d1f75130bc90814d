"""`sceau explain id`: is this identifier well formed? The same readers as every form, without a database.

One function for `cli/explain.py`: ``explain_id(type, value, commune=…, mode=…) -> tuple[Finding, ...]``. Any
finding of severity `error` refuses; no finding, or warnings only, accepts. Types: siren, siret, finess, rpps,
rppsrang, adeli, adelirang, card, email, phone, postcode, structure, person. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sceau.vocabulary import (
    Finding,
    IdentifierMode,
    Postcode,
    Reading,
    displayed,
    read_adeli,
    read_adeli_rang,
    read_card_number,
    read_commune,
    read_email,
    read_finess,
    read_person_id,
    read_phone,
    read_postcode,
    read_rpps,
    read_rpps_rang,
    read_siren,
    read_siret,
    read_structure_id,
)

_Read = Callable[[object, IdentifierMode], tuple[Finding, ...]]

ID_TYPES: Mapping[str, _Read] = MappingProxyType(
    {
        "siren": lambda value, mode: read_siren(value, mode=mode).findings,
        "siret": lambda value, mode: read_siret(value, mode=mode).findings,
        "finess": lambda value, mode: read_finess(value, mode=mode).findings,
        "rpps": lambda value, mode: read_rpps(value, mode=mode).findings,
        "rppsrang": lambda value, mode: read_rpps_rang(value, mode=mode).findings,
        "adeli": lambda value, mode: read_adeli(value, mode=mode).findings,
        "adelirang": lambda value, mode: read_adeli_rang(value, mode=mode).findings,
        "card": lambda value, mode: read_card_number(value, mode=mode).findings,
        "email": lambda value, mode: read_email(value, mode=mode).findings,
        "phone": lambda value, mode: read_phone(value, mode=mode).findings,
        "postcode": lambda value, mode: read_postcode(value, mode=mode).findings,
        "structure": lambda value, mode: read_structure_id(value, mode=mode).findings,
        "person": lambda value, mode: read_person_id(value, mode=mode).findings,
    }
)


def explain_id(
    type: object,
    value: object,
    *,
    commune: object = None,
    mode: IdentifierMode = IdentifierMode.REAL,
) -> tuple[Finding, ...]:
    """Every finding about `value` read as an identifier of this `type`; never raises, whatever is given.

    `commune` is looked at for a postcode only: the pair is compared with the table of communes, which warns.
    """
    read = ID_TYPES.get(type) if isinstance(type, str) else None
    if read is None:
        name = displayed(type) if isinstance(type, str) else "?"
        return (Finding.error("explain.id-type", "type", type=name, known=", ".join(ID_TYPES)),)
    if type == "postcode":
        return _explain_place(read_postcode(value, mode=mode), commune)
    return read(value, mode)


def _explain_place(postcode: Reading[Postcode], commune: object) -> tuple[Finding, ...]:
    from sceau.catalogue import load_catalogue  # late: the table is for postcodes alone

    name = None if commune in (None, "") else read_commune(commune)
    findings = postcode.findings + (name.findings if name else ())
    if postcode.value is None or (name is not None and name.value is None):
        return findings
    return findings + load_catalogue().communes.check(
        postcode.value, name.value if name and name.value else ""
    )
