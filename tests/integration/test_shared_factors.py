"""Keys that share a prime are found in the night, whoever has them and whenever they came; an alarm stands as
long as a certificate does, and a run is proposed that officers decide on [F20].
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sceau.operations import (
    advance_runs,
    approve_run,
    find_all_shared_factors,
    find_shared_factors,
    shared_factors,
)
from sceau.operations.recheck_keys import recheck_keys
from sceau.operations.recheck_run import RecheckOrder, Run
from sceau.records import list_runs
from sceau.records.models import Certificate, JournalEntry, RevocationRun, SharedFactor
from tests.instance import ALICE, BRUNO, Instance, accepted
from tests.runs import accounted, file_of, many, one

SIGNER = ec.generate_private_key(ec.SECP256R1())


@lru_cache
def primes(which: int) -> tuple[int, int]:
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    return numbers.p, numbers.q


def certified(modulus: int, number: int, **changes: Any) -> Certificate:
    """A certificate in the records, on an RSA key of this modulus."""
    key = rsa.RSAPublicNumbers(65537, modulus).public_key()
    now = datetime(2026, 11, 24, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key)
        .serial_number(number)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(SIGNER, hashes.SHA256())
    )
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hashlib.sha256(spki).hexdigest()
    (row,) = many(1, first=number, spki_sha256=digest, der=made.public_bytes(Encoding.DER), **changes)
    return row


def good(number: int) -> Certificate:
    return certified(primes(number)[0] * primes(number)[1], number)


@pytest.fixture
def stocked(instance: Instance) -> Instance:
    accepted()
    one()  # on a curve: nothing to compare
    return instance


def alarms(instance: Instance) -> list[tuple[str, str]]:
    run = Run(RecheckOrder(ledger=None), instance.machine, instance.clock(), None, lambda kind, count: None)  # type: ignore[arg-type]
    recheck_keys(run)
    return [(finding.code, finding.subject) for finding in run.findings]


def test_a_prime_shared_with_a_key_of_before_is_found_and_a_run_is_proposed(stocked: Instance) -> None:
    rows = [good(number) for number in range(1, 5)]
    report = find_shared_factors()
    assert (report.compared, report.found, report.run) == (4, (), "")
    twin = certified(primes(2)[0] * primes(9)[1], 20)
    report = find_shared_factors()
    expected = {rows[1].spki_sha256, twin.spki_sha256}
    assert (report.compared, set(report.found)) == (1, expected)
    (line,) = list_runs()
    assert (line.reference, line.state, line.total, line.created_by) == (report.run, "prepared", 2, "")
    assert (line.reason, line.quality) == ("keyCompromise", "authority")
    assert set(alarms(stocked)) == {("recheck.shared-factor", key) for key in expected}
    assert find_shared_factors().compared == 0
    assert RevocationRun.objects.count() == 1  # proposed once, alarmed every night
    assert len(alarms(stocked)) == 2


def test_two_new_keys_with_a_prime_in_common_are_found(stocked: Instance) -> None:
    certified(primes(1)[0] * primes(2)[1], 1)
    good(3)
    certified(primes(1)[0] * primes(4)[1], 4)
    assert len(find_shared_factors().found) == 2


def test_officers_decide_on_the_proposal_and_the_alarm_ends_with_the_certificates(stocked: Instance) -> None:
    first, second = good(1), certified(primes(1)[0] * primes(2)[1], 2)
    report = find_shared_factors()
    advance_runs()
    assert file_of(report.run).line.done == 0  # nobody said yes
    approve_run(ALICE.actor, reference=report.run)
    advance_runs()
    assert accounted(report.run) == {first.reference, second.reference}
    assert alarms(stocked) == []
    assert SharedFactor.objects.count() == 2


def test_nothing_is_compared_twice_and_a_night_has_its_measure(
    stocked: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_factors, "MOST_FRESH", 3)
    monkeypatch.setattr(shared_factors, "_GROUP", 2)
    for number in range(1, 8):
        good(number)
    certified(primes(1)[1] * primes(99)[0], 50)
    nights = [find_shared_factors() for _ in range(5)]
    assert sum(night.compared for night in nights) == 8
    assert max(night.compared for night in nights) <= 3
    assert sum(len(night.found) for night in nights) == 2


def test_f20_a_night_takes_the_whole_store_and_goes_on_where_it_was_cut_short(
    stocked: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_factors, "MOST_FRESH", 2)
    monkeypatch.setattr(shared_factors, "_GROUP", 2)
    for number in range(1, 6):
        good(number)
    certified(primes(1)[1] * primes(99)[0], 50)
    assert find_shared_factors().compared == 1  # the one on a curve counts for a row, not for a key
    report = find_all_shared_factors()
    assert (report.compared, len(report.found), bool(report.run)) == (5, 2, True)
    assert find_all_shared_factors().compared == 0
    monkeypatch.setattr(shared_factors, "MOST_A_NIGHT", 4)
    for number in range(60, 67):
        certified(primes(number)[0] * primes(number)[1], number)
    assert [find_all_shared_factors().compared for _ in range(3)] == [4, 3, 0]


def test_one_key_in_several_certificates_shares_nothing_with_itself(stocked: Instance) -> None:
    modulus = primes(1)[0] * primes(1)[1]
    certified(modulus, 1)
    certified(modulus, 2)
    assert find_shared_factors().found == ()
    certified(modulus, 3)
    report = find_shared_factors()
    assert (report.compared, report.found) == (0, ())


def test_keys_whose_certificates_are_over_are_noted_without_a_run(stocked: Instance) -> None:
    first, second = good(1), certified(primes(1)[0] * primes(2)[1], 2)
    stocked.clock.now = first.not_after + timedelta(days=1)
    report = find_shared_factors()
    assert (len(report.found), report.run) == (2, "")
    assert set(SharedFactor.objects.values_list("spki_sha256", flat=True)) == {
        first.spki_sha256,
        second.spki_sha256,
    }
    assert JournalEntry.objects.filter(kind="key.factor-shared").count() == 1
    assert alarms(stocked) == []


class Crash(BaseException):
    """The end of the process."""


def test_cut_short_it_is_done_again(stocked: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    good(1)
    certified(primes(1)[0] * primes(2)[1], 2)

    def dies(*args: Any, **kwargs: Any) -> Any:
        raise Crash

    monkeypatch.setattr(shared_factors, "keep_run", dies)
    with pytest.raises(Crash):
        find_shared_factors()
    assert SharedFactor.objects.count() == RevocationRun.objects.count() == 0
    monkeypatch.undo()
    assert len(find_shared_factors().found) == 2


def test_a_proposal_above_one_persons_number_is_for_two(stocked: Instance) -> None:
    good(1)
    first = certified(primes(1)[0] * primes(2)[1], 2)
    many(25, first=100, like=Certificate.objects.get(pk=first.pk))
    report = find_shared_factors()
    assert file_of(report.run).deciders_needed == 2
    approve_run(ALICE.actor, reference=report.run)
    advance_runs()
    assert file_of(report.run).line.state == "prepared"
    approve_run(BRUNO.actor, reference=report.run)
    advance_runs()
    assert file_of(report.run).line.done == 27
