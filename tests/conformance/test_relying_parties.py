"""Every product, each kind of key, as seven programs see them that we did not write [ASSURANCE G08].

Each accepts what is good, for the use it was made for, and refuses what is revoked (by list and by OCSP),
expired, presented for another use or under another name. What a program cannot be asked is in its `checks`
and in docs/conformance.md.
"""

from __future__ import annotations

import pytest
from cryptography import x509

from tests.authority import PRODUCTS
from tests.conformance.relying_kit import HOST, ISSUER_KINDS, Issued, made
from tests.conformance.relying_parties import PARTIES, Java, Stand, Verdict, lacking

REVOKED = ("revoked",)
EXPIRED = ("expired", "validity", "not valid at", "invalid (valid from")


def asked(checks: str) -> list[str]:
    """The parties that can be asked for it."""
    return [name for name, party in PARTIES.items() if checks in party.checks]  # type: ignore[attr-defined]


def told(one: Issued, verdict: Verdict) -> str:
    return f"{one.product} {one.subscriber} {one.state}: {verdict.said.strip()[-300:]}"


def does_not_know(name: str, one: Issued, use: str) -> bool:
    """OpenSSL's smimeencrypt wants keyEncipherment of every key; RFC 8813 §3 forbids it on a curve. (That
    OpenSSL encrypts to such a certificate all the same is tested with mail.)
    """
    return name == "openssl" and use == "encrypt" and one.subscriber.startswith("ec:")


@pytest.mark.parametrize("kind", ISSUER_KINDS)
@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", PARTIES)
def test_g08_a_good_certificate_is_accepted_for_what_it_is_made_for(
    stand: Stand, name: str, product: str, kind: str
) -> None:
    party = stand.party(name, kind)
    refused = []
    for one in stand.world(kind).each(product, "good"):
        uses = [None, *(use for use in one.uses if not does_not_know(name, one, use))]
        verdicts = [party.verify(one, use=use) for use in uses]
        refused += [told(one, verdict) for verdict in verdicts if not verdict.accepted]
    assert refused == []


@pytest.mark.parametrize("kind", ISSUER_KINDS)
@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", asked("crl"))
def test_g08_a_certificate_on_the_list_is_refused(stand: Stand, name: str, product: str, kind: str) -> None:
    party = stand.party(name, kind)
    cases = [(one, party.verify(one)) for one in stand.world(kind).each(product, "revoked")]
    assert [told(one, verdict) for one, verdict in cases if not verdict.refuses(*REVOKED)] == []


@pytest.mark.parametrize("kind", ISSUER_KINDS)
@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", asked("ocsp"))
def test_g08_ocsp_answers_are_believed_good_or_revoked(
    stand: Stand, name: str, product: str, kind: str
) -> None:
    party = stand.party(name, kind)
    world = stand.world(kind)
    ask = party.ask  # type: ignore[union-attr]  # those that check OCSP
    good = [(one, ask(one)) for one in world.each(product, "good")]
    revoked = [(one, ask(one)) for one in world.each(product, "revoked")]
    assert [told(one, verdict) for one, verdict in good if not verdict.accepted] == []
    assert [told(one, verdict) for one, verdict in revoked if not verdict.refuses(*REVOKED)] == []


@pytest.mark.parametrize("kind", ISSUER_KINDS)
@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", PARTIES)
def test_g08_an_expired_certificate_is_refused(stand: Stand, name: str, product: str, kind: str) -> None:
    party = stand.party(name, kind)
    cases = [(one, party.verify(one)) for one in stand.world(kind).each(product, "expired")]
    assert [told(one, verdict) for one, verdict in cases if not verdict.refuses(*EXPIRED)] == []


@pytest.mark.parametrize("kind", ISSUER_KINDS)
@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", asked("purpose"))
def test_g08_a_use_it_was_not_made_for_is_refused(stand: Stand, name: str, product: str, kind: str) -> None:
    party = stand.party(name, kind)
    cases = [
        (one, party.verify(one, use=one.stranger_use))
        for one in stand.world(kind).each(product, "good")
        if one.stranger_use is not None
    ]
    assert [told(one, verdict) for one, verdict in cases if verdict.accepted] == []


def test_only_org_conf_lets_itself_be_used_for_anything(stand: Stand) -> None:
    """As in the real sample ORG_CONF-TEST-2021; so the test above leaves nobody else out."""
    world = stand.world("ec:P-256")
    free = {one.product for one in world.issued.values() if one.stranger_use is None}
    assert free == {"ORG_CONF"}


@pytest.mark.parametrize("kind", ISSUER_KINDS)
@pytest.mark.parametrize("name", asked("host"))
def test_g08_a_server_is_accepted_under_its_names_and_no_other(stand: Stand, name: str, kind: str) -> None:
    party = stand.party(name, kind)
    for one in stand.world(kind).each("SERV_SSL", "good"):
        for own in (HOST, "topspsc.demo.asipsante.fr"):
            verdict = party.verify(one, use="server", host=own)
            assert verdict.accepted, told(one, verdict)
        for other in (f"x.{HOST}", "demo.asipsante.fr", "evil-tops.demo.asipsante.fr", "exemple.fr"):
            assert not party.verify(one, use="server", host=other).accepted, other


@pytest.mark.parametrize("kind", ISSUER_KINDS)
@pytest.mark.parametrize("name", ["openssl", "gnutls", "java", "pyca", "nss", "botan"])
def test_a_look_alike_of_the_root_makes_nobody_accept(
    stand: Stand, name: str, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same names and the same shape on other keys: the certificate must not verify under it. Without
    this, a party that accepts anything would pass for one that accepts what is good.
    """
    if lacking(name):
        pytest.skip(f"{lacking(name)} is not installed")
    world = stand.world(kind)
    with made(kind, tmp_path_factory.mktemp("other")) as other:
        party = PARTIES[name](other)
        for one in world.each("PS_AUTH", "good"):
            stranger = Issued(
                one.product,
                one.subscriber,
                one.state,
                one.certificate,
                one.leaf,
                other.folder / one.issuing.name,
                other.folder,
                one.url,
            )
            stranger_chain = other.folder / one.chain.name
            stranger_chain.write_bytes(one.leaf.read_bytes() + stranger.issuing.read_bytes())
            assert not party.verify(stranger).accepted
        if isinstance(party, Java):
            party.close()


@pytest.mark.parametrize("kind", ISSUER_KINDS)
def test_the_matrix_is_whole(stand: Stand, kind: str) -> None:
    """Each product under each key kind in each state, and each key kind somewhere on an RSA issuer."""
    world = stand.world(kind)
    made_of = {(one.product, one.state) for one in world.issued.values()}
    assert made_of == {(product, state) for product in PRODUCTS for state in ("good", "revoked", "expired")}
    assert len(world.issued) == len(made_of) * (4 if kind == "rsa:3072" else 2)
    signatures = {one.certificate.signature_algorithm_oid for one in world.issued.values()}
    assert signatures == {x509.load_der_x509_certificate(world.root.certificate).signature_algorithm_oid}
