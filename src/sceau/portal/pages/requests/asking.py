"""A certificate request out of a posted page. Reads texts and a file; the verbs decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import sleep
from typing import Any, TypeVar

from sceau.catalogue import NameNeed, Product, SubjectLayout, load_catalogue
from sceau.certification import holds_private_key
from sceau.operations import CertificateRequest, machine
from sceau.portal.language import page_catalogue
from sceau.portal.uploads import read_upload
from sceau.portal.visitor import PortalRequest
from sceau.registration import Person
from sceau.vocabulary import Fault, Finding, IdentifierMode, errors, read_person_id

CSR_LIMIT = 16 * 1024
MOST_NAMES = 100
HOLDER_FIELDS = ("holder.national_id", "holder.surname", "holder.given_names", "holder.profession")
_TRIES, _PAUSE_SECONDS = 20, 0.2
T = TypeVar("T")
_EMPLOYEE = "Personnel santé ou social"  # written in the certificate, whatever the page's language


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page asks for, as typed, and what is wrong with it before any verb is called."""

    request: CertificateRequest
    typed: dict[str, Any]
    findings: tuple[Finding, ...]


def asked_from(request: PortalRequest, product: Product, habilitation: str | None) -> Asked:
    """The request of the page that was posted for `product`."""
    typed: dict[str, Any] = {
        key: request.POST.get(key, "")[:4000].strip()
        for key in (
            "names",
            "holder.national_id",
            "holder.surname",
            "holder.given_names",
            "holder.profession",
        )
    }
    findings: list[Finding] = []
    csr = csr_from(request, "csr", findings)
    typed["csr"] = csr.decode("utf-8", "replace") if csr.startswith(b"-----") or b"-----BEGIN" in csr else ""
    holder = holder_from(typed, findings) if needs_holder(product) else None
    return Asked(
        CertificateRequest(
            product=product.code,
            names=names_of(product, typed["names"]),
            csr=csr,
            habilitation=habilitation,
            holder=holder,
            replaces=request.POST.get("replaces", "")[:80],
        ),
        typed,
        tuple(findings),
    )


def names_of(product: Product, text: str) -> tuple[str, ...]:
    """The names as typed: one a line (or separated by spaces or commas) for hosts, the whole text for the
    others.
    """
    if product.name_need is NameNeed.NONE:
        return ()
    if product.name_need is NameNeed.HOST:
        return tuple(text.replace(",", " ").replace(";", " ").split())[:MOST_NAMES]
    return (text,) if text else ()


def past_its_twin(issue: Callable[[], T]) -> T:
    """What `issue` gives. While the same request of another click is under way, asked again for a few
    seconds: whoever clicks twice gets the certificate, and no page about a fault. Raises what it raises.
    """
    for _try in range(_TRIES):
        try:
            return issue()
        except Fault as fault:
            if fault.code != "issuance.in-progress":
                raise
            sleep(_PAUSE_SECONDS)
    return issue()


def needs_holder(product: Product) -> bool:
    """Whether the request must name the person of the certificate: PRO products [decision 14]."""
    return page_catalogue().profiles[product.profile].subject is SubjectLayout.EMPLOYEE


def csr_from(request: PortalRequest, field: str, findings: list[Finding]) -> bytes:
    """The CSR in `field`, or in the file sent as `field`_file; empty, with a finding, when it is too large
    or holds a private key.
    """
    sent = read_upload(request, f"{field}_file")
    data = sent[1] if sent else request.POST.get(field, "").strip().encode()
    if len(data) > CSR_LIMIT:
        findings.append(Finding.error("portal.csr-too-large", field, limit="16 Kio"))
        return b""
    if holds_private_key(data):  # nothing of it goes any further: not to a verb, not back to the page
        findings.append(Finding.error("csr.private-key", field))
        return b""
    return data


def shown_again(request: PortalRequest, field: str) -> str:
    """The CSR as it was pasted, for the page that asks for it again; nothing of a private key."""
    typed = request.POST.get(field, "")[:20_000]
    return "" if holds_private_key(typed.encode()) else typed


def lacking_csr(
    requests: Iterable[tuple[str, CertificateRequest]], found: Iterable[Finding]
) -> list[Finding]:
    """Which of several requests (each by its field) lack a CSR, but those that were refused already."""
    told = {finding.subject for finding in found}
    return [
        Finding.error("portal.no-csr-for", field, product=one.product)
        for field, one in requests
        if not one.csr and field not in told
    ]


def typed_holder(request: PortalRequest) -> dict[str, str]:
    """What the page says of a certificate's holder, as typed."""
    return {key: request.POST.get(key, "")[:200].strip() for key in HOLDER_FIELDS}


def holder_from(typed: dict[str, Any], findings: list[Finding]) -> Person | None:
    """The person typed; None when something is missing or unreadable, which is then among `findings`."""
    mode = IdentifierMode(page_catalogue().environments[machine().environment].identifier_mode)
    reading = read_person_id(typed["holder.national_id"], subject="holder.national_id", mode=mode)
    mine = list(reading.findings)
    mine += [
        Finding.error("portal.missing", key)
        for key in ("holder.surname", "holder.given_names")
        if not typed[key]
    ]
    findings.extend(mine)
    if reading.value is None or errors(mine):
        return None
    code = typed["holder.profession"]
    profession = load_catalogue().professions.get(int(code)) if code.isdecimal() and len(code) < 4 else None
    return Person(
        national_id=reading.value,
        surname=typed["holder.surname"],
        given_names=typed["holder.given_names"],
        title=profession.title if profession else _EMPLOYEE,
        profession_code=profession.code if profession else None,
    )
