"""How fast certificates end, one by one and in runs; and that each is told as soon as its act returns [F14,
G13]. Bounds far below what is measured on an idle machine: they catch a square, not a busy neighbour.
"""

from __future__ import annotations

import time

from sceau.operations import publish_crls, revoke_certificate
from sceau.records import StatusRecords
from sceau.status import Standing
from tests.instance import ALICE, Instance, accepted
from tests.runs import finished, many, one, request, started

MANY = 3_000


def test_f14_a_revocation_is_told_as_soon_as_its_act_returns(instance: Instance) -> None:
    accepted()
    one()
    status = StatusRecords()
    waits = []
    for row in many(40):
        began = time.monotonic()
        revoke_certificate(
            ALICE.actor, reference=row.reference, reason="superseded", quality="desk", explanation="x"
        )
        said = status.status(row.issuer, row.generation, int(row.serial, 16))
        waits.append(time.monotonic() - began)
        assert said.standing is Standing.REVOKED
    print(
        f"from the click to the status: {sorted(waits)[20] * 1000:.1f} ms, at most {max(waits) * 1000:.0f} ms"
    )
    assert sorted(waits)[20] < 1


def test_a_run_ends_hundreds_a_second_and_its_list_holds_them(instance: Instance) -> None:
    accepted()
    one()
    rows = many(MANY)
    reference = started(request("list", listed="\n".join(row.serial for row in rows)))
    began, spent = time.monotonic(), time.process_time()
    assert finished(reference).line.done == MANY
    took, spent = time.monotonic() - began, time.process_time() - spent
    print(f"{MANY} certificates ended: {MANY / took:.0f} a second, {MANY / spent:.0f} a second of processor")
    assert MANY / spent > 100
    began = time.monotonic()
    publish_crls(only=("el-org",))
    print(f"and on a list {time.monotonic() - began:.2f} s later")
