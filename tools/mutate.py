"""Change one thing in the code that refuses, and see whether a test notices.

    python tools/mutate.py [keys|weakness|curves|known_keys|profiles|examine|lint|shape|gate …]
                           [--most N] [--seconds S] [--seed N]

A mutant is one module with one change: a comparison turned, `and` for `or`, a condition denied, a constant
moved, an addition taken for a subtraction, a statement that adds a finding or raises left out. It is put in
place of the module in a forked process, where the tests that guard this module run until one fails. A mutant
that passes them all has survived: it is either a test that is missing, or a change that changes nothing.

Nothing in the tree is written but `build/mutants.md` and `build/mutants.json`. The usual tools (mutmut,
cosmic-ray) rewrite the source in place and start an interpreter a mutant; here many mutants share one that
has loaded the libraries, and the tree may be worked in meanwhile.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
ROOM = "sceau.certification"
_KEYS = ("tests/unit/test_keys.py", "tests/property/test_short_ways.py", "tests/unit/test_csr.py")
_SHAPES = (
    "tests/unit/test_examine.py",
    "tests/unit/test_shape.py",
    "tests/property/test_shape_properties.py",
)
_GATE = ("tests/unit/test_gate.py", "tests/unit/test_shape.py")
# Modules, the tests that are quick, and the slow ones, which only what the quick ones let through is put to.
TARGETS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "keys": (("keys",), _KEYS, ()),
    "weakness": (("weakness",), ("tests/unit/test_weakness.py",), _KEYS[:1]),
    "curves": (("curves",), _KEYS[:1], ()),
    "known_keys": (("known_keys",), ("tests/unit/test_weakness.py",), _KEYS[:1]),
    "profiles": (("mould", "build"), ("tests/unit/test_profiles.py",), ("tests/conformance/test_golden.py",)),
    "examine": (("examine", "expectations", "reading", "rules"), _SHAPES[:1], _SHAPES[1:]),
    "lint": (("lint",), _GATE, ()),
    "shape": (("shape", "remembered"), _SHAPES[1:2], _SHAPES[2:]),
    "gate": (("gate", "signing", "draft"), _GATE, ()),
}
_LONGEST = 600

_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.Mod: ast.Add,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one module: which, at which line, what, and the module changed."""

    module: str
    line: int
    change: str
    source: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant: ``killed``, ``survived`` or ``slow`` (stopped, which counts as noticed)."""

    module: str
    line: int
    change: str
    fate: str
    seconds: float


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    text = (ROOT / "src" / Path(*f"{ROOM}.{module}".split("."))).with_suffix(".py").read_text("utf-8")
    tree = ast.parse(text)
    places = _places(tree)
    for index, node in enumerate(places):
        for number, change in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            _apply(_places(changed)[index], number)
            source = ast.unparse(ast.fix_missing_locations(changed))
            yield Mutant(module, getattr(node, "lineno", 0), change, source)


def _places(tree: ast.AST) -> list[ast.AST]:
    """Every node but what runs for nobody: docstrings, type hints, decorators (frozen, slots, the size of a
    memory), imports for types.
    """
    apart: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            hints = [node.returns] if isinstance(node, ast.FunctionDef) and node.returns else []
            apart.update(id(one) for part in (*node.decorator_list, *hints) for one in ast.walk(part))
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            apart.update(id(one) for one in ast.walk(node.annotation))
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            apart.update(id(one) for one in ast.walk(node))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            apart.add(id(node))
    return [node for node in ast.walk(tree) if id(node) not in apart]


def _changes(node: ast.AST) -> list[str]:  # noqa: PLR0911 - a table, one line a kind of node
    """What can be changed at a node; `_apply` does the one of that number."""
    if isinstance(node, ast.Compare):
        return [f"{type(one).__name__} turned" for one in node.ops if type(one) in _TURNED]
    if isinstance(node, ast.BoolOp):
        kind = "and" if isinstance(node.op, ast.And) else "or"
        return [f"{kind} turned", *(f"{kind}: part {at + 1} left out" for at in range(len(node.values)))]
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return [f"{type(node.op).__name__} turned"]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return ["not left out"]
    if isinstance(node, ast.If | ast.IfExp):
        return ["condition always true", "condition never true"]
    if isinstance(node, ast.Constant) and type(node.value) in (int, bool):
        return [f"{node.value!r} moved"]
    if isinstance(node, ast.Raise):
        return ["raise left out"]
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return ["statement left out"] if is_call or isinstance(node, ast.AugAssign) else []


def _apply(node: ast.AST, number: int) -> None:
    if isinstance(node, ast.Compare):
        at = [index for index, one in enumerate(node.ops) if type(one) in _TURNED][number]
        node.ops[at] = _TURNED[type(node.ops[at])]()
    elif isinstance(node, ast.BoolOp):
        if number == 0:
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        else:
            del node.values[number - 1]
    elif isinstance(node, ast.BinOp):
        node.op = _OPERATORS[type(node.op)]()
    elif isinstance(node, ast.UnaryOp):
        _become(node, ast.Call(ast.Name("bool", ast.Load()), [node.operand], []))
    elif isinstance(node, ast.If | ast.IfExp):
        node.test = ast.Constant(number == 0)
    elif isinstance(node, ast.Constant):
        node.value = not node.value if isinstance(node.value, bool) else int(str(node.value)) + 1
    else:
        _become(node, ast.Pass())


def _become(node: ast.AST, other: ast.AST) -> None:
    node.__class__ = type(other)
    node.__dict__.update(other.__dict__)


class _InPlace(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives a mutant's source for its module."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = f"{ROOM}.{mutant.module}"
        self._mutant = mutant

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        return importlib.util.spec_from_loader(name, self) if name == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        file = (ROOT / "src" / Path(*self._name.split("."))).with_suffix(".py")
        module.__file__ = str(file)
        exec(compile(self._mutant.source, str(file), "exec"), module.__dict__)  # noqa: S102 - our own source


def judge(mutant: Mutant, tests: tuple[str, ...]) -> Fate:
    """Run `tests` on a mutant, in a process of its own."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _run(mutant, tests)
    while time.monotonic() - began < _LONGEST:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            survived = os.waitstatus_to_exitcode(status) == 0
            return _fate(mutant, "survived" if survived else "killed", began)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return _fate(mutant, "slow", began)


def _fate(mutant: Mutant, fate: str, began: float) -> Fate:
    return Fate(mutant.module, mutant.line, mutant.change, fate, round(time.monotonic() - began, 1))


def _run(mutant: Mutant, tests: tuple[str, ...]) -> None:
    import pytest

    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    sys.meta_path.insert(0, _InPlace(mutant))
    code = 1
    try:
        code = int(
            pytest.main(["-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist", *tests])
        )
    finally:
        os._exit(code)


def main() -> None:
    """Judge the mutants of the targets named, all of them by default."""
    parser = argparse.ArgumentParser(prog="tools/mutate.py")
    parser.add_argument("targets", nargs="*", default=[], help=", ".join(TARGETS))
    parser.add_argument("--most", type=int, default=0, help="mutants a target, drawn by chance (0: all)")
    parser.add_argument("--seconds", type=float, default=0, help="stop a target after that long (0: never)")
    parser.add_argument("--seed", type=int, default=413)
    given = parser.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT), str(ROOT / "src")]
    for library in ("pytest", "cryptography.x509", "pkilint.loader", "gmpy2", "django"):
        importlib.import_module(library)
    fates: list[Fate] = []
    for target in given.targets or TARGETS:
        fates += _judge_target(target, given.most, given.seconds, random.Random(given.seed))  # noqa: S311
        _report(fates)
    sys.exit(0 if all(one.fate != "survived" for one in fates) else 1)


def _judge_target(target: str, most: int, seconds: float, chance: random.Random) -> list[Fate]:
    modules, tests, slow = TARGETS[target]
    untouched = judge(Mutant(modules[0], 0, "none", _source(modules[0])), tests + slow)
    if untouched.fate != "survived":
        raise SystemExit(f"{target}: the tests fail without any change ({untouched.fate})")
    waiting = [mutant for module in modules for mutant in mutants_of(module)]
    chance.shuffle(waiting)
    began, fates = time.monotonic(), []
    for mutant in waiting[: most or len(waiting)]:
        if seconds and time.monotonic() - began > seconds:
            break
        fate = judge(mutant, tests)
        fates.append(judge(mutant, slow) if slow and fate.fate == "survived" else fate)
    killed = sum(one.fate != "survived" for one in fates)
    sys.stdout.write(f"{target}: {killed} of {len(fates)} noticed ({len(waiting)} mutants in all)\n")
    for one in sorted(fates, key=lambda fate: (fate.module, fate.line)):
        if one.fate == "survived":
            sys.stdout.write(f"  survived: {one.module}.py:{one.line}: {one.change}\n")
    sys.stdout.flush()
    return fates


def _source(module: str) -> str:
    return (ROOT / "src" / Path(*f"{ROOM}.{module}".split("."))).with_suffix(".py").read_text("utf-8")


def _report(fates: list[Fate]) -> None:
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    (build / "mutants.json").write_text(json.dumps([asdict(one) for one in fates], indent=1), "utf-8")
    lines = ["# Mutants", "", "| module | judged | noticed | survived |", "|---|---|---|---|"]
    for module in sorted({one.module for one in fates}):
        mine = [one for one in fates if one.module == module]
        lived = [one for one in mine if one.fate == "survived"]
        lines.append(f"| {module} | {len(mine)} | {len(mine) - len(lived)} | {len(lived)} |")
    lines += ["", *(f"* {one.module}.py:{one.line}: {one.change}" for one in fates if one.fate == "survived")]
    (build / "mutants.md").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
