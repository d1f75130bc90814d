"""Reading again everything that was issued, with code that did not issue it: differences are alarms.

Records, journal, signer's own record and published lists each tell the same story, kept in four places by
different hands. Each is compared with the others, in both directions [ASSURANCE F13, F35, F39, F43, T46]. It
changes nothing and takes no turn: it may run beside the service.
"""

from __future__ import annotations

from collections.abc import Callable

from sceau.operations.machine import machine
from sceau.operations.recheck_certificates import recheck_certificates
from sceau.operations.recheck_journal import recheck_journal
from sceau.operations.recheck_keys import recheck_keys
from sceau.operations.recheck_leaves import recheck_leaves
from sceau.operations.recheck_rights import recheck_rights
from sceau.operations.recheck_run import LintChoice, RecheckOrder, RecheckReport, Run
from sceau.operations.recheck_scratch import Scratch
from sceau.operations.recheck_signatures import recheck_signatures
from sceau.operations.recheck_status import read_lists, recheck_lists
from sceau.operations.recheck_ways_in import recheck_ways_in
from sceau.vocabulary import Finding, Refused

__all__ = ["LintChoice", "RecheckOrder", "RecheckReport", "recheck"]


def recheck(
    order: RecheckOrder, *, progress: Callable[[str, int], None] = lambda _kind, _count: None
) -> RecheckReport:
    """Read again what `order` asks for. Memory does not grow with the number of certificates.

    `progress(kind, count)` is called as things are read. Raises `Refused` for a reference nobody has, `Fault`
    when the database or the linter is away: then nothing is known, which is not the same as nothing found.
    """
    with Scratch() as scratch:
        run = Run(order, machine(), machine().clock(), scratch, progress)
        # The ledger before the rows: what was signed by then had its row before [ADR 12].
        run.note(scratch.read_ledger(order.ledger))
        read_lists(run)
        recheck_certificates(run)
        if order.only and not run.read["certificates"]:
            raise Refused([Finding.error("certificate.unknown", order.only)])
        if not order.only:
            recheck_signatures(run)
            recheck_lists(run)
            recheck_rights(run)
            recheck_leaves(run)
            recheck_keys(run)
            recheck_ways_in(run)
            recheck_journal(run)
        return run.report()
