"""A certificate of a layout that the signer has read whole before: looked at by its own parts alone, never
admitted when reading it whole would not have.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.certification import Draft
from sceau.custody.examination import Admitted, SigningIssuer, examine_request, signing_issuer
from sceau.custody.ledger_lines import SignatureKind
from sceau.custody.software import SoftwareKey
from sceau.custody.wire import SignatureRequest
from sceau.vocabulary import Finding, Refused
from tests.authority import AT, TestAuthority, draft_for, private_key, spki_of
from tests.mutants import mutants

PRODUCTS = ("SERV_SSL", "ORG_SIGN", "PS_AUTH", "SERV_S/MIME")
Known = tuple[Draft, TestAuthority, SigningIssuer]


def nothing_wrong(tbs: bytes, issuer: SigningIssuer, at: datetime) -> None:
    """The subscriber's profile is another reading's matter."""


def fresh(authority: TestAuthority) -> SigningIssuer:
    """The issuer as a signer that has just started holds it."""
    certificate = authority.certificate.public_bytes(Encoding.DER)
    return signing_issuer(authority.facts.code, 1, certificate, SoftwareKey(authority.key))


def known(product: str) -> Known:
    """A draft, and its issuer at a signer that has read it."""
    draft, authority = draft_for(product)
    issuer = fresh(authority)
    examine(draft.tbs, issuer)
    return draft, authority, issuer


def examine(
    tbs: bytes,
    issuer: SigningIssuer,
    kind: SignatureKind = SignatureKind.CERTIFICATE,
    at: datetime = AT,
) -> tuple[int, datetime | None] | list[str]:
    """What the ledger would be told, or the codes of the refusal."""
    request = SignatureRequest(kind, issuer.identity.code, 1, tbs)
    try:
        admitted: Admitted = examine_request(request, issuer, at=at, certificate=nothing_wrong)
    except Refused as refused:
        return sorted(one.code for one in refused.findings)
    assert (admitted.request, admitted.issuer) == (request, issuer)
    return admitted.serial, admitted.until


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_second_certificate_of_a_layout_is_admitted_as_reading_it_whole_admits_it(product: str) -> None:
    draft, authority, issuer = known(product)
    assert len(issuer.layouts) == 1
    assert (
        examine(draft.tbs, issuer) == examine(draft.tbs, fresh(authority)) == (draft.serial, draft.not_after)
    )
    assert len(issuer.layouts) == 1


@pytest.mark.parametrize("product", PRODUCTS)
def test_an_altered_certificate_gets_the_answer_of_a_signer_that_knows_no_layout(product: str) -> None:
    draft, authority, issuer = known(product)
    layouts, admitted = set(issuer.layouts), 0
    unknowing = fresh(authority)
    for what, altered in mutants(draft.tbs):
        unknowing.layouts.clear()
        issuer.layouts.clear()
        issuer.layouts.update(layouts)
        answer = examine(altered, issuer)
        assert answer == examine(altered, unknowing), what
        admitted += isinstance(answer, tuple)
    assert admitted > 20  # another serial, another name: as good as the first


@pytest.mark.parametrize(
    "later", [timedelta(hours=1, seconds=1), timedelta(minutes=-5, seconds=-1), timedelta(days=9000)]
)
def test_a_known_layout_is_not_signed_at_another_time(later: timedelta) -> None:
    draft, authority, issuer = known("SERV_SSL")
    answer = examine(draft.tbs, issuer, at=AT + later)
    assert answer == examine(draft.tbs, fresh(authority), at=AT + later)
    assert isinstance(answer, list)
    assert answer


def test_a_known_layout_does_not_outlive_its_issuer() -> None:
    draft, _, issuer = known("SERV_SSL")
    ending = replace(issuer, not_after=draft.not_after - timedelta(seconds=1))
    assert ending.layouts == issuer.layouts
    assert examine(draft.tbs, ending) == ["signer.validity"]


def test_the_issuers_own_key_is_not_certified_in_a_known_layout() -> None:
    draft, authority = draft_for("SERV_SSL", kind="ec:P-256", key=private_key("ec:P-256", "layouts"))
    issuer = fresh(authority)
    examine(draft.tbs, issuer)
    subscriber, own = _spki_in(draft.tbs), spki_of(authority.key)
    assert len(subscriber) == len(own)
    assert len(issuer.layouts) == 1
    assert examine(draft.tbs.replace(subscriber, own), issuer) == ["signer.own-key"]


def _spki_in(tbs: bytes) -> bytes:
    head = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
    at = tbs.index(head)
    return tbs[at : at + 91]


@pytest.mark.parametrize("kind", [kind for kind in SignatureKind if kind is not SignatureKind.CERTIFICATE])
def test_a_known_layout_is_signed_as_no_other_kind(kind: SignatureKind) -> None:
    draft, authority, issuer = known("SERV_SSL")
    answer = examine(draft.tbs, issuer, kind)
    assert answer == examine(draft.tbs, fresh(authority), kind)
    assert isinstance(answer, list)


def test_a_refused_certificate_leaves_no_layout_behind() -> None:
    draft, authority = draft_for("SERV_SSL")
    issuer = fresh(authority)
    request = SignatureRequest(SignatureKind.CERTIFICATE, issuer.identity.code, 1, draft.tbs)

    def refuse(tbs: bytes, issuer: SigningIssuer, at: datetime) -> None:
        raise Refused([Finding.error("signer.no-subscribers", issuer.identity.code)])

    with pytest.raises(Refused):
        examine_request(request, issuer, at=AT, certificate=refuse)
    assert isinstance(examine(draft.tbs, issuer, at=AT + timedelta(days=1)), list)
    assert not issuer.layouts


def test_what_is_known_is_not_read_whole_again() -> None:
    """The memory is believed: a layout put there by hand, of another issuer, would pass the signer's own
    reading (and no subscriber's profile after it).
    """
    draft, authority = draft_for("SERV_SSL", kind="ec:P-256", key=private_key("ec:P-256", "layouts"))
    other = fresh(draft_for("ORG_SIGN")[1])
    assert examine(draft.tbs, other) == ["signer.algorithm"]
    other.layouts.update(_layouts_of(draft, authority))
    assert examine(draft.tbs, other) == (draft.serial, draft.not_after)


def _layouts_of(draft: Draft, authority: TestAuthority) -> set[tuple[bytes, ...]]:
    issuer = fresh(authority)
    examine(draft.tbs, issuer)
    return issuer.layouts
