"""Who is at the door: each way a certificate is not a card to enter with, and those that are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from sceau.identity import (
    CardFamily,
    CardHolder,
    CardRevocation,
    CardTrust,
    RevocationPolicy,
    lookup_from_lists,
    read_card,
)
from sceau.identity.content import read_content
from sceau.vocabulary import Reading, Severity
from tests.cardmaker import (
    NOW,
    YEAR,
    Authority,
    CardPlan,
    authority,
    card,
    card_der,
    integer,
    key,
    octet,
    printable,
)

ROOT = authority("TEST AC RACINE IGC-SANTE FORT")
ISSUER = authority("TEST AC IGC-SANTE FORT PERSONNES", ROOT)
TRUST = CardTrust(roots=(ROOT.der,), issuers=(ISSUER.der,), test_allowed=True)
CPS = CardPlan()
EMPLOYEE = CardPlan(
    common_name="30B0057881/CPET0002",
    surname="ADMINISTRATIF",
    given_names="CHARLES",
    title="Personnel santé ou social",
    organisation=("Paris (75)", "HOPITAL DES 3 DAMES", "10B0057881"),
    card_type=integer(2),
    token=printable("8025000001/2600301752"),
    profession=None,
)


def good(issuer: bytes, serial: int) -> CardRevocation:
    return CardRevocation.GOOD


def read(plan: CardPlan, *, issuer: Authority = ISSUER, trust: CardTrust = TRUST) -> Reading[CardHolder]:
    return read_card(card_der(plan, issuer), trust=trust, at=NOW, revoked=good)


def codes(reading: Reading[CardHolder]) -> set[str]:
    return {finding.code for finding in reading.findings}


def test_a_cps_card_names_its_holder_number_and_profession() -> None:
    holder = read(CPS).require()
    assert holder.national_id.text == "899700041983"
    assert holder.card_number.text == "2500634598"
    assert (holder.surname, holder.given_names, holder.title) == (
        "DENTISTE",
        "GERALDINE",
        "Chirurgien-Dentiste",
    )
    assert holder.profession_code == 40
    assert holder.card_types == ("CPS",)
    assert holder.structure_id is None
    assert holder.test


def test_an_employee_card_names_the_employer_and_leaves_the_director_question_to_the_register() -> None:
    holder = read(EMPLOYEE).require()
    assert holder.national_id.text == "30B0057881/CPET0002"
    assert holder.family is CardFamily.CDE_CPE
    assert holder.card_types == ("CDE", "CPE_NOMINATIVE")
    assert holder.structure_id is not None
    assert holder.structure_id.text == "10B0057881"
    assert holder.structure_name == "HOPITAL DES 3 DAMES"


def test_an_administrative_card_may_be_a_cda_or_a_cpa() -> None:
    plan = replace(EMPLOYEE, common_name="518751275100020/CPA0001", card_type=integer(3))
    assert read(plan).require().card_types == ("CDA", "CPA")


def test_the_session_key_is_the_digest_of_the_very_certificate() -> None:
    first, second = read(CPS).require(), read(CPS).require()
    assert first.certificate_sha256 != second.certificate_sha256
    assert len(first.certificate_sha256) == 64


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (replace(CPS, marker=octet(0x83)), {"card.software-certificate"}),
        (replace(CPS, marker=octet(0x03)), {"card.software-certificate"}),
        (replace(CPS, marker=octet(0x82)), {"card.security-module"}),
        (replace(CPS, marker=octet(0x81)), {"card.no-marker"}),
        (replace(CPS, marker=None), {"card.no-marker"}),
        (replace(CPS, marker=b"\x04\x02\x80\x80"), {"card.no-marker"}),
        (replace(CPS, marker=b"\x02\x01\x00"), {"card.no-marker"}),
        (replace(CPS, card_type=None), {"card.type-missing"}),
        (replace(CPS, card_type=b"\x02\x02\x00\x00"), {"card.type-missing"}),
        (replace(CPS, card_type=integer(9)), {"card.type-unknown"}),
        (replace(CPS, card_type=integer(1)), {"card.cpf"}),
        (replace(CPS, token=None), {"card.number-missing"}),
        (replace(CPS, token=printable("8025000001/25006345980")), {"card.number-missing"}),
        (replace(CPS, token=printable("9925000001/2500634598")), {"card.number-missing"}),
        (replace(CPS, surname=None), {"card.not-nominative"}),
        (replace(CPS, common_name=None), {"card.identity-unreadable"}),
        (replace(CPS, given_names=None), {"card.identity-unreadable"}),
        (replace(CPS, one_rdn=False), {"card.identity-unreadable"}),
        (replace(CPS, digital_signature=False), {"card.key-usage"}),
        (replace(CPS, usages=None), {"card.extended-key-usage"}),
        (replace(CPS, usages=(ExtendedKeyUsageOID.EMAIL_PROTECTION,)), {"card.extended-key-usage"}),
        (replace(CPS, policy=None), {"card.policy"}),
        (replace(CPS, policy="1.2.250.1.213.1.71.2"), {"card.policy"}),
        (replace(CPS, ca=True), {"card.is-authority"}),
        (replace(CPS, critical="1.2.3.4"), {"card.critical-extension"}),
        (replace(CPS, end=NOW - timedelta(seconds=1)), {"card.expired"}),
        (replace(CPS, start=NOW + timedelta(seconds=1)), {"card.not-yet-valid"}),
    ],
)
def test_what_is_not_a_valid_nominative_card_is_refused_by_its_own_name(
    plan: CardPlan, expected: set[str]
) -> None:
    reading = read(plan)
    assert reading.value is None
    assert codes(reading) == expected


def test_a_service_card_is_refused_by_name() -> None:
    plan = CardPlan(
        common_name="30B0057881/000000018",
        surname=None,
        given_names=None,
        pseudonym="EMPLOYE000000018",
        title="Carte de service santé ou social",
        organisation=("Paris (75)", "HOPITAL DES 3 DAMES", "10B0057881"),
        card_type=integer(2),
    )
    assert codes(read(plan)) == {"card.service-card"}


def test_a_pseudonym_beside_a_name_is_still_a_service_card() -> None:
    assert codes(read(replace(CPS, pseudonym="EMPLOYE000000018"))) == {"card.service-card"}


def test_every_reason_is_given_at_once() -> None:
    plan = replace(CPS, marker=octet(0x83), usages=None, end=NOW - timedelta(days=1))
    assert codes(read(plan)) == {"card.software-certificate", "card.extended-key-usage", "card.expired"}


def test_a_software_certificate_that_looks_like_a_card_is_refused_twice_over() -> None:
    root = authority("TEST AC RACINE IGC-SANTE ELEMENTAIRE")
    issuer = authority("TEST AC IGC-SANTE ELEMENTAIRE PERSONNES", root)
    ps_auth = replace(CPS, marker=octet(0x83), card_type=None, token=None)
    assert codes(read(ps_auth, issuer=issuer)) == {"card.unknown-issuer", "card.software-certificate"}


def test_a_home_made_authority_with_the_right_name_opens_nothing() -> None:
    root = authority("TEST AC RACINE IGC-SANTE FORT", key_name="forged root")
    issuer = authority("TEST AC IGC-SANTE FORT PERSONNES", root, key_name="forged issuer")
    reading = read(CPS, issuer=issuer)
    assert reading.value is None
    assert codes(reading) == {"card.look-alike-issuer"}


def test_a_card_signed_by_another_card_is_refused() -> None:
    holder_as_issuer = Authority(card(CPS, ISSUER), key("card"))
    assert "card.unknown-issuer" in codes(read(CPS, issuer=holder_as_issuer))


def test_a_card_signed_by_the_root_itself_is_refused() -> None:
    assert codes(read(CPS, issuer=ROOT)) == {"card.unknown-issuer"}


def test_an_authority_past_its_end_vouches_for_nobody() -> None:
    root = authority("AC RACINE X FORT")
    issuer = authority("AC X FORT PERSONNES", root, end=NOW - timedelta(days=1))
    trust = CardTrust(roots=(root.der,), issuers=(issuer.der,), test_allowed=True)
    assert codes(read(CPS, issuer=issuer, trust=trust)) == {"card.issuer-out-of-dates"}


def test_a_test_card_does_not_open_production() -> None:
    trust = CardTrust(roots=(ROOT.der,), issuers=(ISSUER.der,), test_allowed=False)
    assert codes(read(CPS, trust=trust)) == {"card.test-card"}


def test_trust_in_the_elementary_range_cannot_be_configured() -> None:
    root = authority("AC RACINE IGC-SANTE ELEMENTAIRE")
    issuer = authority("AC IGC-SANTE ELEMENTAIRE PERSONNES", root)
    with pytest.raises(ValueError, match="software certificates"):
        CardTrust(roots=(root.der,), issuers=(issuer.der,), test_allowed=True)


def test_trust_needs_each_issuer_to_hang_on_a_given_root() -> None:
    stranger = authority("AC RACINE IGC-SANTE STANDARD")
    with pytest.raises(ValueError, match="none of the given roots"):
        CardTrust(roots=(stranger.der,), issuers=(ISSUER.der,), test_allowed=True)


def test_trust_refuses_a_root_that_is_no_authority() -> None:
    fake = authority("AC RACINE Y FORT", ca=False)
    issuer = authority("AC Y FORT PERSONNES", fake)
    with pytest.raises(ValueError, match="none of the given roots"):
        CardTrust(roots=(fake.der,), issuers=(issuer.der,), test_allowed=True)


def test_an_empty_trust_trusts_nobody() -> None:
    with pytest.raises(ValueError, match="at least one"):
        CardTrust(roots=(), issuers=(), test_allowed=True)


@pytest.mark.parametrize("junk", [b"", b"\x30", b"hello", b"\x30\x82" + bytes(20_000), bytes(17_000)])
def test_junk_is_unreadable_and_nothing_worse(junk: bytes) -> None:
    assert codes(read_card(junk, trust=TRUST, at=NOW, revoked=good)) == {"card.unreadable"}


def test_a_certificate_cut_anywhere_is_refused_without_an_exception() -> None:
    whole = card_der(CPS, ISSUER)
    for length in range(0, len(whole), 7):
        assert read_card(whole[:length], trust=TRUST, at=NOW, revoked=good).value is None


def test_a_certificate_with_any_byte_changed_is_refused() -> None:
    whole = card_der(CPS, ISSUER)
    for position in range(0, len(whole), 3):
        changed = bytearray(whole)
        changed[position] ^= 0x01
        assert read_card(bytes(changed), trust=TRUST, at=NOW, revoked=good).value is None, position


# -- revocation


def test_a_listed_card_is_refused() -> None:
    certificate = card(CPS, ISSUER)
    lookup = lookup_from_lists([ISSUER.crl(certificate.serial_number), ROOT.crl()], trust=TRUST, at=NOW)
    reading = read_card(certificate.public_bytes(Encoding.DER), trust=TRUST, at=NOW, revoked=lookup)
    assert codes(reading) == {"card.revoked"}


def test_a_card_of_a_revoked_authority_is_refused() -> None:
    lookup = lookup_from_lists(
        [ISSUER.crl(), ROOT.crl(ISSUER.certificate.serial_number)], trust=TRUST, at=NOW
    )
    reading = read_card(card_der(CPS, ISSUER), trust=TRUST, at=NOW, revoked=lookup)
    assert codes(reading) == {"card.issuer-revoked"}


def test_an_unlisted_card_passes_when_both_lists_are_fresh() -> None:
    lookup = lookup_from_lists([ISSUER.crl(), ROOT.crl()], trust=TRUST, at=NOW)
    assert read_card(card_der(CPS, ISSUER), trust=TRUST, at=NOW, revoked=lookup).findings == ()


FORGED = authority("TEST AC IGC-SANTE FORT PERSONNES", key_name="forged list")


@pytest.mark.parametrize(
    "lists",
    [
        pytest.param([], id="no list"),
        pytest.param([ISSUER.crl()], id="the root's list is missing"),
        pytest.param(
            [ISSUER.crl(start=NOW - 2 * YEAR, end=NOW), ROOT.crl()], id="a list past its next update"
        ),
        pytest.param([ISSUER.crl(start=NOW + timedelta(hours=1)), ROOT.crl()], id="a list of tomorrow"),
        pytest.param([FORGED.crl(), ROOT.crl()], id="a list signed by another key"),
        pytest.param([b"no list at all", ROOT.crl()], id="junk"),
    ],
)
def test_a_status_that_cannot_be_had_refuses_by_default_and_only_warns_when_told(lists: list[bytes]) -> None:
    lookup = lookup_from_lists(lists, trust=TRUST, at=NOW)
    der = card_der(CPS, ISSUER)
    assert codes(read_card(der, trust=TRUST, at=NOW, revoked=lookup)) == {"card.status-unknown"}
    tolerant = read_card(der, trust=TRUST, at=NOW, revoked=lookup, policy=RevocationPolicy.TOLERANT)
    assert [(f.code, f.severity) for f in tolerant.findings] == [
        ("card.status-not-checked", Severity.WARNING)
    ]
    assert tolerant.value is not None


def test_without_any_lookup_the_door_stays_shut() -> None:
    assert codes(read_card(card_der(CPS, ISSUER), trust=TRUST, at=NOW)) == {"card.status-unknown"}


def test_the_newest_list_wins_whatever_the_order() -> None:
    certificate = card(CPS, ISSUER)
    old = ISSUER.crl(start=NOW - timedelta(days=2))
    new = ISSUER.crl(certificate.serial_number)
    for lists in ([old, new, ROOT.crl()], [new, old, ROOT.crl()]):
        lookup = lookup_from_lists(lists, trust=TRUST, at=NOW)
        assert lookup(ISSUER.der, certificate.serial_number) is CardRevocation.REVOKED


# -- the real ones


Sample = Callable[[str], bytes]


@pytest.fixture
def sample(samples: Path) -> Sample:
    def load(name: str) -> bytes:
        return x509.load_pem_x509_certificate((samples / f"{name}.pem").read_bytes()).public_bytes(
            Encoding.DER
        )

    return load


@pytest.fixture
def real_trust(sample: Sample) -> CardTrust:
    return CardTrust(
        roots=(sample("CA-TEST-ROOT-ST"), sample("CA-ROOT-FO")),
        issuers=(sample("CA-TEST-ST-PP"), sample("CA-FO-PP")),
        test_allowed=True,
    )


@pytest.mark.samples
def test_the_real_cpe_test_card_of_2017_is_read_whole(sample: Sample, real_trust: CardTrust) -> None:
    at = datetime(2018, 6, 1, tzinfo=UTC)
    holder = read_card(sample("CARD-CPE-AUTH-TEST-2017"), trust=real_trust, at=at, revoked=good).require()
    assert holder.national_id.text == "30B0057881/CPET0002"
    assert (holder.surname, holder.given_names) == ("ADMINISTRATIF-CH057880002", "CHARLES")
    assert holder.card_number.text == "2600301752"
    assert holder.card_types == ("CDE", "CPE_NOMINATIVE")
    assert holder.structure_name == "HOPITAL DES 3 DAMES"
    assert holder.title == "Personnel santé ou social"


@pytest.mark.samples
def test_the_real_cps_test_card_of_2018_is_only_refused_for_its_acceptance_authority(
    sample: Sample, real_trust: CardTrust
) -> None:
    """Its issuer is a RECETTE variant whose certificate nobody published: everything but the chain is
    right.
    """
    at = datetime(2019, 6, 1, tzinfo=UTC)
    reading = read_card(sample("CARD-CPS-AUTH-TEST-2018-RPPS"), trust=real_trust, at=at, revoked=good)
    assert codes(reading) == {"card.unknown-issuer"}
    content, findings = read_content(x509.load_der_x509_certificate(sample("CARD-CPS-AUTH-TEST-2018-RPPS")))
    assert findings == ()
    assert (content.common_name, content.surname) == ("899700041983", "DENTISTE RPPS-ADELI")
    assert (content.number, content.profession_code, content.family) == ("2500634598", 40, CardFamily.CPS)
    assert content.test


@pytest.mark.samples
def test_both_real_cards_have_expired_since(sample: Sample, real_trust: CardTrust) -> None:
    for name in ("CARD-CPE-AUTH-TEST-2017", "CARD-CPS-AUTH-TEST-2018-RPPS"):
        reading = read_card(sample(name), trust=real_trust, at=NOW, revoked=good)
        assert "card.expired" in codes(reading)


@pytest.mark.samples
@pytest.mark.parametrize(
    "name",
    [
        "ORG_AUTH_CLI-PROD-2023",
        "ORG_AUTH_CLI-TEST-2021",
        "ORG_SIGN-PROD-2016",
        "SERV_SSL-PROD-2019-2SAN",
        "CA-ST-PP",
    ],
)
def test_a_real_certificate_that_is_no_card_is_refused(
    name: str, sample: Sample, real_trust: CardTrust
) -> None:
    der = sample(name)
    at = x509.load_der_x509_certificate(der).not_valid_before_utc + timedelta(days=30)
    assert "card.not-nominative" in codes(read_card(der, trust=real_trust, at=at, revoked=good))


@pytest.mark.samples
def test_the_real_elementary_authority_cannot_be_trusted_for_cards(sample: Sample) -> None:
    with pytest.raises(ValueError, match="software certificates"):
        CardTrust(roots=(sample("CA-ROOT-EL"),), issuers=(sample("CA-EL-PP"),), test_allowed=False)
