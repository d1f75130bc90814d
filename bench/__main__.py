"""`python -m bench`: take the figures, write ``results.json`` and ``results.md``. Ends with 1 if a subject
failed.

A bound that does not hold is a result, not a failure: it is in the table.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

from bench.debian import install_missing
from bench.machine import describe
from bench.plan import LOAD_CORE, Plan
from bench.rounds import pin
from bench.rows import Row, as_table, missing, with_those_before, write_results

SUBJECTS = (
    "in_process",
    "name_decision",
    "issuance",
    "ocsp",
    "crl",
    "growth",
    "custody",
    "registers",
    "desk",
    "portal",
)
_HERE = Path(__file__).parent


def main() -> int:
    """Run the subjects asked for, one after the other."""
    given = _arguments()
    plan = Plan.short() if given.quick else Plan()
    if given.scale:
        plan = replace(plan, scale=given.scale)
    plan.folder.mkdir(parents=True, exist_ok=True)
    pin(LOAD_CORE)  # the in-process figures; servers and children go to the other core by themselves
    trouble = install_missing()
    if trouble:
        sys.stderr.write(f"{trouble}\n")
    machine = describe(plan)
    rows: list[Row] = []
    failed = 0
    for subject in given.only or SUBJECTS:
        found, seconds = _run(subject, plan)
        failed += any(row.name == f"{subject}: failed" for row in found)
        revision = dict(machine).get("revision", "")
        rows += [replace(row, subject=subject, revision=revision) for row in found]
        sys.stderr.write(f"{subject}: {seconds:.0f} s\n")
    sys.stdout.write(as_table(rows, machine))
    folder = given.out or (plan.folder if given.quick else _HERE)
    folder.mkdir(parents=True, exist_ok=True)
    if given.only:
        rows = with_those_before(folder, rows, SUBJECTS)
    write_results(folder, rows, machine)
    sys.stderr.write(f"written: {folder}/results.json, {folder}/results.md\n")
    return 1 if failed else 0


def _run(subject: str, plan: Plan) -> tuple[list[Row], float]:
    began = time.monotonic()
    try:
        rows = list(importlib.import_module(f"bench.{subject}").run(plan))
    except Exception as failure:  # said in the table: a subject that fails must not hide the others
        traceback.print_exc()
        rows = [missing(f"{subject}: failed", f"{type(failure).__name__}: {str(failure)[:300]}")]
    return rows, time.monotonic() - began


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small tables, few rounds: a look, no truth to publish"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=SUBJECTS,
        help="these alone: their rows take the place of the former",
    )
    parser.add_argument("--scale", type=int, help="certificates in the large database (default 1,000,000)")
    parser.add_argument("--out", type=Path, help="where to write the results")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
