"""Registers: what importing a million lines costs beside the least it could, and what a look-up costs then.

The floor reads the same file with `csv.reader` and writes the same columns by `executemany` into a table with
the one index that makes a number unique, in durable commits as long as the product's: no check, no folded
name to search by, no other index, no place to go on from, no comparison with the register before.
"""

from __future__ import annotations

import contextlib
import csv
import random
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.children import child
from bench.database import forget, start_django
from bench.declared_names import drawn_numbers
from bench.plan import Plan
from bench.rounds import Sample, interleave, rate, ratio, repeated
from bench.rows import Bound, Row

_SMALL, _ROUNDS, _SLICE = 10_000, 3, 5_000
_WORTH = Bound(0.2, 0.33)
_MINUTES = Bound(600.0, 180.0, at_least=False)
_GROWTH = Bound(1.5, 1.2, at_least=False)
_LOOKS = {"by number": "number", "by the beginning of a name": "name"}


def run(plan: Plan) -> list[Row]:
    """The import of all, its rate beside the floor on a fifth, look-ups in a large register and a small."""
    part = max(plan.scale // 5, _SMALL)
    folders = {count: plan.folder / f"registers-{count}" for count in (_SMALL, part, plan.scale)}
    with contextlib.ExitStack() as stack:
        asks = {}
        for count, folder in folders.items():
            forget(folder)
            stack.callback(forget, folder)
            asks[count] = stack.enter_context(
                child("bench.registers", data=folder, data_folder=str(folder), count=count)
            )
            asks[count](do="begin")
        rounds = interleave(
            {name: _sampling(asks[part], name) for name in ("import", "floor")},
            replace(plan, rounds=min(plan.rounds, _ROUNDS)),
        )
        whole = asks[plan.scale](do="import")
        asks[_SMALL](do="import")
        looked = {
            name: interleave(
                {str(count): _sampling(asks[count], act, plan.seconds / 2) for count in (_SMALL, plan.scale)},
                plan,
            )
            for name, act in _LOOKS.items()
        }
    return [
        Row(
            f"register import, {part:,} lines of FINESS",
            rate(rounds, "import"),
            "lines a CPU second",
            ratio(rounds, "import", "floor"),
            _WORTH,
            f"csv.reader and executemany: {rate(rounds, 'floor'):,.0f}",
            "each round a new file that takes the place of the one before: checked, three indexes, compared"
            " with it, and its rows removed",
        ),
        Row(
            f"register import, {plan.scale:,} lines, elapsed",
            float(whole["elapsed"]),
            "s",
            None,
            _MINUTES,
            note="first import of an empty instance, SQLite, with the digest of the file taken before",
        ),
        *(_look_row(name, found, plan) for name, found in looked.items()),
    ]


def _look_row(name: str, rounds: dict[str, list[Sample]], plan: Plan) -> Row:
    small, large = str(_SMALL), str(plan.scale)
    return Row(
        f"register look-up {name}, {_SMALL:,} → {plan.scale:,} rows",
        1e6 / rate(rounds, large),
        "µs",
        ratio(rounds, small, large),
        _GROWTH,
        f"the same among {_SMALL:,}: {1e6 / rate(rounds, small):.0f} µs",
        "`records.find_in_registers`, twenty rows at most, SQLite, through Django",
    )


def _sampling(ask: Callable[..., dict[str, Any]], act: str, seconds: float = 0.0) -> Callable[[], Sample]:
    def sample() -> Sample:
        answer = ask(do=act, seconds=seconds)
        return Sample(int(answer["count"]), float(answer["cpu"]))

    return sample


def worker(data_folder: str, count: int) -> Callable[..., dict[str, Any]]:
    """The child: one instance, and files of `count` lines."""
    bench = _Bench(Path(data_folder), count)

    def answer(do: str, seconds: float = 0.0) -> dict[str, Any]:
        if do == "begin":
            bench.begin()
            return {}
        if do in {"import", "floor"}:
            return bench.timed(getattr(bench, f"{do}_once"))
        sample = bench.look(do, seconds)
        return {"count": sample.count, "cpu": sample.cpu}

    return answer


class _Bench:
    """One instance with its files. Each import reads a new one, so that none is known already."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count, self.made = folder, count, 0

    def begin(self) -> None:
        """An empty instance with a machine."""
        start_django()
        from tests.instance import make_instance

        make_instance(self.folder / "public")

    def timed(self, work: Callable[[Path], int]) -> dict[str, Any]:
        """Make a file, then time what is done with it."""
        self.made += 1
        path = write_sites(self.folder / f"sites-{self.made}.csv", self.count, seed=self.made)
        began, used = time.monotonic(), time.process_time()
        done = work(path)
        answer = {"count": done, "cpu": time.process_time() - used, "elapsed": time.monotonic() - began}
        path.unlink()
        return answer

    def import_once(self, path: Path) -> int:
        """The product's own way in."""
        from sceau.operations import Actor, RegisterOrder, import_register

        line = import_register(Actor.system("bench"), RegisterOrder("finess-et", path))
        if line.state != "standing" or line.kept != self.count:
            raise AssertionError(line)
        return self.count

    def floor_once(self, path: Path) -> int:
        """The least: read, write."""
        database = self.folder / "floor.sqlite3"
        database.unlink(missing_ok=True)
        link = sqlite3.connect(database, isolation_level=None)
        link.execute("PRAGMA journal_mode=WAL")
        link.execute("PRAGMA synchronous=FULL")
        link.execute(
            "CREATE TABLE site (id INTEGER PRIMARY KEY, generation, number, name, given, parent, other,"
            " postcode, commune, category, state, since, UNIQUE (generation, number))"
        )
        statement = f"INSERT INTO site VALUES ({', '.join('?' * 12)})"
        rows: list[tuple[object, ...]] = []

        def commit() -> None:
            link.execute("BEGIN IMMEDIATE")
            link.executemany(statement, rows)
            link.execute("COMMIT")
            rows.clear()

        with path.open(encoding="utf-8", newline="") as file:
            for cells in csv.reader(file, delimiter=";"):
                if cells[0] == "structureet":
                    number, parent, name, place = cells[1], cells[2], cells[4], cells[15]
                    postcode, _, commune = place.partition(" ")
                    row = (
                        number,
                        name,
                        "",
                        parent,
                        cells[22],
                        postcode,
                        commune,
                        cells[18],
                        "open",
                        cells[28],
                    )
                    rows.append((None, 1, *row))
                if len(rows) == _SLICE:
                    commit()
        commit()
        (kept,) = link.execute("SELECT COUNT(*) FROM site").fetchone()
        link.close()
        for leftover in self.folder.glob("floor.sqlite3*"):
            leftover.unlink()
        return int(kept)

    def look(self, act: str, seconds: float) -> Sample:
        """Look-ups drawn from the whole register."""
        from sceau.records import find_in_registers

        numbers = drawn_numbers(self.count, 2_000)
        asked = [number_of(at) if act == "number" else name_of(at)[:24] for at in numbers]

        def one(at: int) -> None:
            if not find_in_registers(asked[at % len(asked)]):
                raise AssertionError(asked[at % len(asked)])

        return repeated(one, seconds=seconds, most=20_000)


def number_of(at: int) -> str:
    """The FINESS of a made-up site, in the order of the file."""
    return f"{100_000_000 + at * 7:09d}"


def name_of(at: int) -> str:
    """Its name: names are not in the order of numbers."""
    return f"{_KINDS[at % len(_KINDS)]} {at * 7919 % 1_000_003:07d} DE L'EXEMPLE"


_KINDS = ("CENTRE HOSPITALIER", "CLINIQUE", "EHPAD RÉSIDENCE", "PHARMACIE", "LABORATOIRE", "CENTRE DE SANTÉ")


def write_sites(path: Path, count: int, *, seed: int) -> Path:
    """A file in the form of FINESS. One site in fifty has another name in each file."""
    drawn = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write(f"finess;etalab;{count};2026-11-{seed % 28 + 1:02d}\n")
        for at in range(count):
            name = name_of(at) + (f" {seed}" if drawn.random() < 0.02 else "")
            number = number_of(at)
            file.write(
                f"structureet;{number};{number[:8]}0;{name[:38]};{name};;;12;RTE;DE L'EXEMPLE;;;451;69;RHONE;"
                f"69003 LYON;0400000000;;355;Centre Hospitalier (C.H.);1102;Centres Hospitaliers;"
                f"{26_010_000_000_000 + at * 13};8610Z;03;ARS;1;Etablissement public de santé;1979-02-13;"
                "1979-02-13;2020-02-04;\n"
            )
    return path
