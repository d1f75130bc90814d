"""Lists over the records: complete, deltas, partitions, and the kept entries they are copied from."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from sceau.operations import (
    crl_path,
    late_lists,
    publish_crls,
    publish_deltas,
    restore_shelf,
)
from sceau.operations.list_entries import FULL_SEGMENTS
from sceau.records import CrlLine, Series, latest_crl, revoked_pieces
from sceau.records.models import Certificate, CrlIssue, CrlSegment, Revocation
from sceau.status import read_crl
from sceau.vocabulary import Fault, Refused
from tests.instance import NOON, Instance
from tests.lists_kit import certificates, revoke_rows, revoked, without_trigger


@pytest.fixture
def here(bare_instance: Instance) -> Instance:
    """No people are needed: rows are written by the tests."""
    return bare_instance


def serials(line: CrlLine) -> list[int]:
    return [one.serial_number for one in x509.load_der_x509_crl(line.der)]


def complete(**changes: object) -> CrlLine:
    (line,) = publish_crls(only=("el-org",), **changes)  # type: ignore[arg-type]
    return line


def delta() -> CrlLine:
    (line,) = publish_deltas(only=("el-org",))
    return line


def parted(here: Instance, partitions: int) -> None:
    (facts,) = here.machine.issuers["el-org"]
    here.machine = here.at_another(
        issuers={**here.machine.issuers, "el-org": (replace(facts, partitions=partitions),)}
    )


# --- kept entries


def test_a_list_is_a_copy_of_its_kept_entries_which_grow_at_their_end(here: Instance) -> None:
    revoked(range(1, 4))
    first = complete()
    revoked([9, 7])
    second = complete()
    assert (serials(first), serials(second)) == ([1, 2, 3], [1, 2, 3, 9, 7])
    (segment,) = CrlSegment.objects.all()
    assert bytes(segment.entries) in second.der
    assert segment.count == second.entries == 5


def test_kept_entries_go_on_in_the_next_segment_when_one_is_full(
    here: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sceau.operations.list_entries.SEGMENT_ENTRIES", 4)
    revoked(range(1, 4))
    complete()
    revoked(range(4, 12))
    line = complete()
    assert serials(line) == list(range(1, 12))
    assert [one.count for one in CrlSegment.objects.order_by("place")] == [4, 4, 3]
    revoked(range(12, 14))
    assert serials(complete()) == list(range(1, 14))


def test_the_rows_alone_give_the_octets_of_the_kept_entries(here: Instance) -> None:
    revoked(range(1, 60))
    complete()
    (segment,) = CrlSegment.objects.all()
    for size in (1, 7, 59, 60, 1000):
        pieces = list(revoked_pieces(Series("el-org", 1), size=size))
        assert b"".join(piece.entries for piece in pieces) == bytes(segment.entries)
        assert sum(piece.count for piece in pieces) == 59


def test_entries_altered_where_they_are_kept_are_made_anew_from_the_revocations(here: Instance) -> None:
    revoked(range(1, 6))
    before = complete()
    segment = CrlSegment.objects.get()
    chance = random.Random(413)
    for _ in range(20):
        torn = bytearray(segment.entries)
        if chance.random() < 0.3:
            torn = torn[: chance.randrange(len(torn))]
        else:
            torn[chance.randrange(len(torn))] ^= 1 << chance.randrange(8)
        CrlSegment.objects.update(entries=bytes(torn))
        after = complete()
        assert serials(after) == serials(before)
        assert bytes(CrlSegment.objects.get().entries) == bytes(segment.entries)


def test_t46_a_revocation_lost_from_the_rows_stops_the_list_though_its_entry_is_kept(
    here: Instance,
) -> None:
    revoked(range(1, 6))
    told = complete()
    without_trigger("revocation_no_delete", "revocation")
    Revocation.objects.filter(serial="03").delete()
    with pytest.raises(Fault, match=r"crl\.revocation-lost") as caught:
        publish_crls(only=("el-org",))
    assert "03" in caught.value.detail
    assert latest_crl("el-org", 1) == told
    assert crl_path(here.machine.issuers["el-org"][0]).read_bytes() == told.der


def test_f43_the_shelf_tells_what_a_database_restored_as_a_whole_forgot(here: Instance) -> None:
    revoked([1])
    complete()
    kept = list(CrlSegment.objects.values())
    revoked([2])
    told = complete()
    for name, table in (("revocation_no_delete", "revocation"), ("crlissue_no_delete", "crlissue")):
        without_trigger(name, table)
    Revocation.objects.filter(serial="02").delete()
    CrlIssue.objects.filter(number=told.number).delete()
    CrlSegment.objects.update(**{key: kept[0][key] for key in ("last", "count", "entries", "check_tag")})
    with pytest.raises(Fault, match=r"crl\.revocation-lost"):
        publish_crls(only=("el-org",))


def test_a_shelf_that_somebody_else_wrote_on_says_nothing(here: Instance) -> None:
    revoked([1])
    told = complete()
    path = crl_path(here.machine.issuers["el-org"][0])
    forged = bytearray(told.der)
    forged[-1] ^= 1
    path.write_bytes(bytes(forged))
    assert serials(complete()) == [1]


def test_f12_ended_certificates_leave_when_a_twentieth_of_a_large_segment_has(here: Instance) -> None:
    revoked(range(1, 61), ends=NOON + timedelta(days=10))
    revoked(range(1000, 2000), ends=NOON + timedelta(days=400))
    complete()
    here.clock.now = NOON + timedelta(days=11)
    assert complete().entries == 1060  # the first list after their end still holds them
    here.clock.forward(hours=1)
    line = complete()
    assert line.entries == 1000
    assert min(serials(line)) == 1000


def test_f12_a_few_ended_certificates_of_a_large_segment_stay_until_there_are_more(here: Instance) -> None:
    revoked(range(1, 41), ends=NOON + timedelta(days=10))
    revoked(range(1000, 2000), ends=NOON + timedelta(days=400))
    complete()
    here.clock.now = NOON + timedelta(days=11)
    complete()
    here.clock.forward(hours=1)
    assert complete().entries == 1040


def test_f12_no_revoked_certificate_is_missing_before_it_stood_on_a_list_after_its_end(
    here: Instance,
) -> None:
    chance = random.Random(12)
    ends: dict[int, int] = {}
    for number in range(1, 200):
        ends[number] = chance.randrange(1, 60 * 24)
        revoked([number], ends=NOON + timedelta(hours=ends[number]), at=NOON)
    after_end: set[int] = set()
    for hour in range(0, 61 * 24, 37):
        here.clock.now = NOON + timedelta(hours=hour)
        listed = set(serials(complete()))
        assert listed >= set(ends) - after_end
        after_end |= {number for number in listed if ends[number] < hour}
    assert len(listed) < 20


# --- deltas


def test_a_delta_holds_what_was_revoked_since_the_oldest_good_list(here: Instance) -> None:
    revoked([1, 2])
    base = complete()
    revoked([3])
    here.clock.forward(hours=1)
    line = delta()
    assert (serials(line), line.base, line.entries) == ([3], base.number, 1)
    assert line.number > base.number
    here.clock.forward(hours=24)
    later = complete()
    revoked([4])
    here.clock.forward(hours=1)
    line = delta()
    assert (serials(line), line.base) == ([3, 4], base.number)  # who still has the first one can add it
    assert line.number > later.number
    here.clock.forward(days=5)
    line = delta()
    assert (serials(line), line.base) == ([4], later.number)  # the first one is over


def test_base_and_delta_together_are_the_complete_list(here: Instance) -> None:
    revoked(range(1, 30))
    base = complete()
    for step in range(1, 5):
        revoked(range(100 * step, 100 * step + step))
        here.clock.forward(minutes=20)
        added = delta()
        assert sorted({*serials(base), *serials(added)}) == sorted(serials(complete()))
        here.clock.forward(minutes=20)


def test_there_is_no_delta_to_no_list(here: Instance) -> None:
    assert publish_deltas() == ()
    complete()
    here.clock.forward(days=7)
    assert publish_deltas() == ()


def test_all_lists_of_a_key_share_one_rising_number_and_no_two_kinds_one_second(here: Instance) -> None:
    parted(here, 3)
    seen: list[tuple[int, bool, int | None, object]] = []
    for round_ in range(4):
        revoked([round_ + 1])
        for line in (*publish_crls(only=("el-org",)), *publish_deltas(only=("el-org",))):
            facts = read_crl(line.der).require().facts
            seen.append((facts.number, line.base is None, line.partition, facts.this_update))
    numbers = [one[0] for one in seen]
    assert numbers == sorted(set(numbers)) == list(range(1, 33))
    for partition in (None, 1, 2, 3):
        moments = {(kind, at) for _, kind, part, at in seen if part == partition}
        assert not {at for kind, at in moments if kind} & {at for kind, at in moments if not kind}


def test_a_delta_says_which_list_it_adds_to_and_the_list_where_its_deltas_lie(here: Instance) -> None:
    base = complete()
    here.clock.forward(minutes=1)
    added = delta()
    read = x509.load_der_x509_crl(added.der).extensions
    indicator = read.get_extension_for_class(x509.DeltaCRLIndicator)
    assert (indicator.critical, indicator.value.crl_number) == (True, base.number)
    assert not any(isinstance(one.value, x509.FreshestCRL) for one in read)
    freshest = x509.load_der_x509_crl(base.der).extensions.get_extension_for_class(x509.FreshestCRL)
    (point,) = freshest.value
    (address,) = list(point.full_name or ())
    path = crl_path(here.machine.issuers["el-org"][0], delta=True)
    assert address.value.endswith(f"/CRL/{path.name}")
    assert path.read_bytes() == added.der


def test_deltas_are_made_each_hour_and_at_each_change(here: Instance) -> None:
    complete()
    assert len(publish_deltas(only=("el-org",), due_only=True)) == 1
    assert publish_deltas(only=("el-org",), due_only=True) == ()
    revoked([5])
    assert len(publish_deltas(only=("el-org",), due_only=True)) == 1
    here.clock.forward(minutes=59)
    assert publish_deltas(only=("el-org",), due_only=True) == ()
    here.clock.forward(minutes=2)
    assert len(publish_deltas(only=("el-org",), due_only=True)) == 1


# --- partitions


def test_a_partition_lists_its_own_and_the_whole_lists_all(here: Instance) -> None:
    parted(here, 3)
    revoked([1, 2])  # made before there were partitions
    revoked([11, 12], partition=1)
    revoked([21], partition=2)
    made = {line.partition: serials(line) for line in publish_crls(only=("el-org",))}
    assert made == {None: [1, 2, 11, 12, 21], 1: [11, 12], 2: [21], 3: []}
    revoked([13], partition=1)
    due = publish_crls(only=("el-org",), due_only=True)
    assert {line.partition: line.entries for line in due} == {None: 6, 1: 3}


def test_a_partitions_list_names_the_address_written_in_its_certificates(here: Instance) -> None:
    parted(here, 2)
    (facts,) = here.machine.issuers["el-org"]
    revoked([11], partition=2)
    publish_crls(only=("el-org",))
    here.clock.forward(minutes=1)
    publish_deltas(only=("el-org",))
    for is_delta in (False, True):
        path = crl_path(facts, partition=2, delta=is_delta)
        read = x509.load_der_x509_crl(path.read_bytes()).extensions
        point = read.get_extension_for_class(x509.IssuingDistributionPoint)
        assert point.critical
        assert point.value.only_contains_user_certs
        (name,) = list(point.value.full_name or ())
        assert name.value == f"http://localhost:8480/CRL/{crl_path(facts, partition=2).name}"
    whole = x509.load_der_x509_crl(crl_path(facts).read_bytes()).extensions
    assert not any(isinstance(one.value, x509.IssuingDistributionPoint) for one in whole)


def test_the_database_refuses_a_revocation_in_another_partition(here: Instance) -> None:
    (row,) = certificates([5], partition=2)
    row.partition = 1
    with pytest.raises(Exception, match="list of its certificate"):
        revoke_rows([row])
    with pytest.raises(Exception, match="its list never changes"):
        Certificate.objects.update(partition=1)


def test_f12_an_ended_certificate_leaves_neither_list_before_it_stood_on_both(here: Instance) -> None:
    parted(here, 2)
    revoked([11], partition=2, ends=NOON + timedelta(hours=5))
    publish_crls(only=("el-org",))
    here.clock.now = NOON + timedelta(hours=6)
    made = {line.partition: line.entries for line in publish_crls(only=("el-org",))}
    assert (made[None], made[2]) == (1, 1)
    here.clock.forward(hours=1)
    made = {line.partition: line.entries for line in publish_crls(only=("el-org",))}
    assert (made[None], made[2]) == (0, 0)


# --- watch


def test_f10_the_alarm_is_days_before_anybody_is_without_a_list(here: Instance) -> None:
    assert {one.code for one in late_lists()} == {"crl.late", "crl.delta-late"}
    publish_crls()
    here.clock.forward(minutes=1)
    publish_deltas()
    assert late_lists() == ()
    made = complete()
    here.clock.forward(hours=35)
    publish_deltas()
    assert late_lists() == ()
    here.clock.forward(hours=2)
    assert {one.code for one in late_lists()} == {"crl.late", "crl.delta-late"}
    assert made.next_update - here.clock.now > timedelta(days=4)


def test_f10_g12_in_thirty_days_of_twenty_minutes_no_list_is_ever_past_half_of_its_life(
    here: Instance,
) -> None:
    here.clock.now = NOON
    for turn in range(30 * 24 * 3):
        if turn % 50 == 7:
            revoked([turn])
        publish_crls(only=("el-org",), due_only=True)
        publish_deltas(only=("el-org",), due_only=True)
        for is_delta in (False, True):
            line = CrlIssue.objects.filter(base__isnull=not is_delta).defer("der").latest("number")
            life = line.next_update - line.this_update
            assert line.next_update - here.clock.now > life / 2
        here.clock.forward(minutes=20)


def test_g14_a_number_rises_over_crashes_restores_and_a_clock_going_back(here: Instance) -> None:
    chance = random.Random(14)
    last = 0

    def away(kind: str) -> None:
        raise Fault("signer.outcome-unknown", retryable=False)

    for turn in range(300):
        what = chance.random()
        if what < 0.1:
            here.signer.before = away
            with pytest.raises(Fault):
                publish_crls(only=("el-org",))
            here.signer.before = lambda kind: None
        elif what < 0.15:
            here.clock.now -= timedelta(minutes=chance.randrange(4))
        elif what < 0.2:
            without = CrlIssue.objects.filter(number__lt=last - 3).order_by("-number").first()
            if without is not None:  # a restore: the records forget, the shelf does not
                _forget_since(without.number)
        if turn % 3:
            line = complete()
            assert line.number > last
            last = line.number
        elif publish_deltas(only=("el-org",)):
            line_ = latest_crl("el-org", 1, delta=True)
            assert line_ is not None
            assert line_.number > 0
            last = max(last, line_.number)
        here.clock.forward(seconds=chance.randrange(1, 4000))


def _forget_since(number: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        where = "" if connection.vendor == "sqlite" else " ON records_crlissue"
        cursor.execute(f"DROP TRIGGER IF EXISTS sceau_crlissue_no_delete{where}")
    CrlIssue.objects.filter(number__gt=number, base__isnull=True).delete()


def test_f11_two_places_hold_the_same_octets_and_what_differs_is_put_back(here: Instance) -> None:
    parted(here, 2)
    revoked([1], partition=1)
    publish_crls()
    here.clock.forward(minutes=1)
    publish_deltas()
    files = sorted((here.machine.shelf / "CRL").iterdir())
    assert len(files) == 8  # two issuers; one of them whole and in two parts; each with its delta
    kept = {path: path.read_bytes() for path in files}
    files[0].write_bytes(b"autre chose")
    files[1].unlink()
    assert set(restore_shelf()) == {files[0], files[1]}
    assert {path: path.read_bytes() for path in files} == kept
    assert restore_shelf() == ()


def test_of_a_large_list_that_was_followed_only_the_digest_is_kept(
    here: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sceau.operations.lists._KEPT_WHOLE", 2)
    revoked(range(1, 4))
    first, second = complete(), complete()
    rows = {row.number: row for row in CrlIssue.objects.all()}
    assert rows[first.number].der is None
    assert rows[first.number].sha256
    assert bytes(rows[second.number].der or b"") == second.der
    with pytest.raises(Exception, match="digest of what was published stays"):
        CrlIssue.objects.filter(number=second.number).update(sha256="0" * 64)


def test_a_large_list_waits_a_quarter_of_an_hour_and_its_delta_does_not(here: Instance) -> None:
    calendar = replace(here.machine.catalogue.calendar, crl_prompt_entries=2)
    here.machine = here.at_another(catalogue=replace(here.machine.catalogue, calendar=calendar))
    revoked(range(1, 5))
    publish_crls()
    publish_deltas()
    revoked([9])
    here.clock.forward(minutes=1)
    assert publish_crls(due_only=True) == ()
    assert [line.entries for line in publish_deltas(due_only=True)] == [1]
    here.clock.forward(minutes=15)
    assert [line.entries for line in publish_crls(due_only=True)] == [5]


def test_the_signer_s_no_is_heard(here: Instance) -> None:
    def refuse(kind: str) -> None:
        from sceau.vocabulary import Finding

        raise Refused([Finding.error("crl.extension", "el-org")])

    here.signer.before = refuse
    with pytest.raises(Refused):
        publish_crls(only=("el-org",))


def test_full_segments_at_hand_are_believed_as_far_as_the_records_say_the_same_of_them(
    here: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sceau.operations.list_entries.SEGMENT_ENTRIES", 4)
    revoked(range(1, 7))
    complete()
    full = CrlSegment.objects.get(place=0)
    kept, other = bytes(full.entries), bytes(full.check_tag)
    CrlSegment.objects.filter(place=0).update(entries=b"autre chose")
    assert serials(complete()) == list(range(1, 7))  # at hand, and what the records say of it
    CrlSegment.objects.filter(place=0).update(check_tag=bytes(16))
    assert serials(complete()) == list(range(1, 7))  # no longer: made anew from the revocations
    full.refresh_from_db()
    assert (bytes(full.entries), bytes(full.check_tag)) == (kept, other)
    CrlSegment.objects.filter(place=0).update(entries=b"autre chose")
    FULL_SEGMENTS.forget()
    assert serials(complete()) == list(range(1, 7))
    full.refresh_from_db()
    assert bytes(full.entries) == kept
