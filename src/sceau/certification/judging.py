"""What would be said of a request or a key, without certifying anything: the answers behind `explain`.

The same functions that decide decide here. No record is looked at: a key in use or blocked is only known to
an instance that has records.
"""

from __future__ import annotations

from datetime import datetime

from sceau.catalogue import Catalogue
from sceau.certification.csr import look_into
from sceau.certification.csr_contents import Contents
from sceau.certification.csr_names import check_request_names
from sceau.certification.keys import read_key
from sceau.registration import Name
from sceau.vocabulary import Finding, three_years_from


def judge_csr(
    data: bytes,
    *,
    form: str | None,
    product: str,
    names: tuple[Name, ...],
    catalogue: Catalogue,
    at: datetime,
) -> tuple[Finding, ...]:
    """Every finding on a request for `product` and `names` (already decided) at `at` (UTC): errors refuse it.

    `form` is ``pem``, ``der`` or None. Raises KeyError for a product that the catalogue does not have.
    """
    _ = catalogue.products[product]
    contents = Contents()
    reading = look_into(data, contents, form=form)
    found = [*reading.findings, *check_request_names(contents, names)]
    if reading.value is not None:
        found.extend(read_key(reading.value.key.spki, until=three_years_from(at).not_after).findings)
    return tuple(dict.fromkeys(found))
