"""Lists: their bytes read by another reader, their numbers, their dates, what they hold and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.catalogue import load_catalogue
from sceau.status import (
    CrlCalendar,
    CrlFacts,
    build_crl_tbs,
    crl_entry,
    crl_is_due,
    dropped_serials,
    examine_crl,
    is_listed,
    issuer_identity,
    next_crl,
    read_crl,
    signed_der,
)
from sceau.vocabulary import Refused
from tests.status_kit import NOW, Pki, make_pki

CALENDAR = CrlCalendar(timedelta(hours=24), timedelta(days=6))
FACTS = CrlFacts(12, NOW, NOW + timedelta(days=6))


@pytest.fixture(scope="module", params=["ec:P-256", "ec:P-384", "rsa:2048"])
def pki(request: pytest.FixtureRequest) -> Pki:
    return make_pki(kind=request.param)


def load(pki: Pki, entries: list[bytes], facts: CrlFacts = FACTS) -> x509.CertificateRevocationList:
    tbs = build_crl_tbs(facts, entries, issuer=pki.identity)
    return x509.load_der_x509_crl(pki.sign(tbs))


def test_a_list_says_its_issuer_number_dates_and_entries(pki: Pki) -> None:
    crl = load(pki, [crl_entry(0x80FF, at=NOW, reason=1), crl_entry(2, at=NOW, reason=4)])
    assert crl.issuer == pki.certificate.subject
    assert crl.is_signature_valid(pki.certificate.public_key())  # type: ignore[arg-type]
    assert (crl.last_update_utc, crl.next_update_utc) == (FACTS.this_update, FACTS.next_update)
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 12
    key = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert key.key_identifier == pki.identity.key_identifier
    assert len(list(crl.extensions)) == 2
    first, second = crl
    assert (first.serial_number, first.revocation_date_utc) == (0x80FF, NOW)
    reason = first.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.key_compromise
    assert len(list(second.extensions)) == 0


def test_a_list_of_nothing_leaves_the_field_out(pki: Pki) -> None:
    crl = load(pki, [])
    assert list(crl) == []
    assert crl.is_signature_valid(pki.certificate.public_key())  # type: ignore[arg-type]


def test_the_same_facts_give_the_same_bytes_as_the_librarys_own_builder() -> None:
    pki = make_pki(kind="rsa:2048")
    ours = load(pki, [crl_entry(serial, at=NOW, reason=1) for serial in (1, 127, 128, 2**158)])
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(pki.certificate.subject)
        .last_update(FACTS.this_update)
        .next_update(FACTS.next_update)
        .add_extension(x509.AuthorityKeyIdentifier(pki.identity.key_identifier, None, None), critical=False)
        .add_extension(x509.CRLNumber(12), critical=False)
    )
    for serial in (1, 127, 128, 2**158):
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW)
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    key = pki.issuing.key._private  # type: ignore[attr-defined]
    theirs = builder.sign(key, ours.signature_hash_algorithm)  # type: ignore[arg-type]
    assert ours.public_bytes(Encoding.DER) == theirs.public_bytes(Encoding.DER)


def test_dates_change_their_form_in_2050(pki: Pki) -> None:
    last = datetime(2049, 12, 31, 23, 59, 59, tzinfo=NOW.tzinfo)
    crl = load(pki, [crl_entry(1, at=last), crl_entry(2, at=last + timedelta(seconds=1))])
    assert [entry.revocation_date_utc for entry in crl] == [last, last + timedelta(seconds=1)]


def test_what_we_build_is_admitted_by_the_examiner(pki: Pki) -> None:
    tbs = build_crl_tbs(FACTS, [crl_entry(5, at=NOW)], issuer=pki.identity)
    assert examine_crl(tbs, issuer=pki.identity, at=NOW) == FACTS


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (replace(FACTS, number=0), "crl.number"),
        (replace(FACTS, this_update=NOW - timedelta(hours=2)), "crl.dates"),
        (replace(FACTS, this_update=NOW + timedelta(minutes=6)), "crl.dates"),
        (replace(FACTS, next_update=NOW + timedelta(days=41)), "crl.dates"),
    ],
)
def test_the_examiner_refuses_a_list_of_another_time_or_number(facts: CrlFacts, code: str) -> None:
    pki = make_pki()
    with pytest.raises(Refused) as refused:
        examine_crl(build_crl_tbs(facts, [], issuer=pki.identity), issuer=pki.identity, at=NOW)
    assert [finding.code for finding in refused.value.findings] == [code]


def test_the_examiner_refuses_a_list_of_another_issuer_or_another_key() -> None:
    pki, twin, other = make_pki(), make_pki(), make_pki("el-pp")
    for stranger in (twin, other):
        tbs = build_crl_tbs(FACTS, [], issuer=stranger.identity)
        with pytest.raises(Refused, match=r"crl\.issuer"):
            examine_crl(tbs, issuer=pki.identity, at=NOW)


@pytest.mark.parametrize("harm", ["cut", "trailing", "empty", "certificate", "bad-entry"])
def test_the_examiner_refuses_what_is_no_list(harm: str) -> None:
    pki = make_pki()
    tbs = build_crl_tbs(FACTS, [crl_entry(5, at=NOW)], issuer=pki.identity)
    broken = {
        "cut": tbs[:-1],
        "trailing": tbs + b"\0",
        "empty": b"",
        "certificate": pki.certificate.tbs_certificate_bytes,
        "bad-entry": build_crl_tbs(FACTS, [b"\x02\x01\x05"], issuer=pki.identity),
    }[harm]
    with pytest.raises(Refused, match=r"crl\.malformed"):
        examine_crl(broken, issuer=pki.identity, at=NOW)


def test_the_examiner_refuses_another_extension() -> None:
    pki = make_pki()
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(pki.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=6))
        .add_extension(x509.AuthorityKeyIdentifier(pki.identity.key_identifier, None, None), critical=False)
        .add_extension(x509.CRLNumber(12), critical=False)
        .add_extension(x509.DeltaCRLIndicator(11), critical=True)
    )
    key = pki.issuing.key
    crl = builder.sign(key._private, hashes.SHA256())  # type: ignore[attr-defined]
    with pytest.raises(Refused, match=r"crl\.extension"):
        examine_crl(crl.tbs_certlist_bytes, issuer=pki.identity, at=NOW)


def test_a_revoked_certificate_stays_until_one_list_after_its_end() -> None:
    end = NOW
    assert is_listed(end, last_list=None)
    assert is_listed(end, last_list=end - timedelta(seconds=1))
    assert is_listed(end, last_list=end)  # the list made then may have been made before the end
    assert not is_listed(end, last_list=end + timedelta(seconds=1))


def test_each_revoked_certificate_stands_on_exactly_the_lists_until_the_first_after_its_end() -> None:
    end, every = NOW + timedelta(hours=30), timedelta(hours=24)
    last: datetime | None = None
    listed = []
    for day in range(6):
        made = NOW + day * every
        if is_listed(end, last_list=last):
            listed.append(made)
        last = made
    assert listed == [NOW, NOW + every, NOW + 2 * every]


@pytest.mark.parametrize(
    ("before", "after", "dropped"),
    [
        ([], [], ()),
        ([], [1], ()),
        ([1, 0x80FF], [1, 0x80FF, 7], ()),
        ([1, 0x80FF], [1], (0x80FF,)),
        ([2**127 + 5, 3], [], (2**127 + 5, 3)),
    ],
)
def test_what_a_list_drops_is_named(before: list[int], after: list[int], dropped: tuple[int, ...]) -> None:
    pki = make_pki()
    listed = [crl_entry(serial, at=NOW, reason=1) for serial in before]
    told = pki.sign(build_crl_tbs(FACTS, listed, issuer=pki.identity))
    assert dropped_serials(told, [crl_entry(serial, at=NOW, reason=1) for serial in after]) == dropped
    again = [crl_entry(serial, at=NOW + timedelta(1), reason=4) for serial in before]
    assert dropped_serials(told, again) == ()  # the serial counts, not how its line is written


def test_what_is_no_list_is_not_read_as_one_that_drops_nothing() -> None:
    with pytest.raises(ValueError, match="tag"):
        dropped_serials(b"autre chose", [])


def test_numbers_rise_by_one_and_jump_over_what_the_signer_knows() -> None:
    first = next_crl(None, at=NOW, calendar=CALENDAR)
    assert (first.number, first.this_update, first.next_update) == (1, NOW, NOW + timedelta(days=6))
    second = next_crl(first, at=NOW + timedelta(hours=24, microseconds=5), calendar=CALENDAR)
    assert (second.number, second.this_update) == (2, NOW + timedelta(hours=24))
    assert next_crl(first, at=NOW, calendar=CALENDAR, floor=57).number == 58


def test_a_clock_going_back_takes_no_list_back() -> None:
    first = next_crl(None, at=NOW, calendar=CALENDAR)
    second = next_crl(first, at=NOW - timedelta(days=2), calendar=CALENDAR)
    assert second.number == 2
    assert second.this_update == first.this_update


def test_a_list_is_due_when_something_changed_or_a_period_is_over() -> None:
    last = next_crl(None, at=NOW, calendar=CALENDAR)
    assert crl_is_due(None, at=NOW, calendar=CALENDAR, changed=False)
    assert not crl_is_due(last, at=NOW + timedelta(hours=23), calendar=CALENDAR, changed=False)
    assert crl_is_due(last, at=NOW + timedelta(hours=24), calendar=CALENDAR, changed=False)
    assert crl_is_due(last, at=NOW + timedelta(seconds=1), calendar=CALENDAR, changed=True)


def test_a_list_is_renewed_long_before_it_is_late() -> None:
    calendar = CrlCalendar.of(load_catalogue().calendar)
    last = next_crl(None, at=NOW, calendar=calendar)
    due = NOW
    while not crl_is_due(last, at=due, calendar=calendar, changed=False):
        due += timedelta(hours=1)
    assert last.next_update - due > (last.next_update - last.this_update) / 2


def test_a_calendar_in_which_one_failure_makes_an_outage_is_refused() -> None:
    with pytest.raises(ValueError, match="two periods"):
        CrlCalendar(timedelta(hours=24), timedelta(hours=47))


@pytest.mark.samples
def test_the_real_list_is_read_and_built_again_to_the_same_bytes(shared: Path, samples: Path) -> None:
    data = (shared / "igc-sante" / "test-el-org.crl").read_bytes()
    summary = read_crl(data).require()
    assert (summary.facts.number, summary.count) == (1287, 1013)
    assert summary.facts.next_update - summary.facts.this_update == timedelta(days=6)
    real = x509.load_pem_x509_crl(data)
    authority = x509.load_pem_x509_certificate((samples / "CA-TEST-EL-ORG.pem").read_bytes())
    issuer = issuer_identity("el-org", 1, authority.public_bytes(Encoding.DER))
    entries = [crl_entry(entry.serial_number, at=entry.revocation_date_utc) for entry in real]
    tbs = build_crl_tbs(summary.facts, entries, issuer=issuer)
    assert tbs == real.tbs_certlist_bytes
    assert signed_der(tbs, real.signature) == real.public_bytes(Encoding.DER)
    assert real.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
