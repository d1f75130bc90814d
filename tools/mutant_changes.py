"""What can be changed in a module, one thing at a time: the mutants of `tools/mutate.py`.

A comparison turned, `and` for `or`, a condition denied, a constant moved, an addition taken for a
subtraction, a statement that adds a finding or raises left out. Each knows the statement it is in, by which
the tests that reach it are found, and the function, whose code is put in the place of the real one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

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
    """One change to one module (``certification.keys``).

    `place` and `number` say which change; `line` and `change` say it to people. `first` and `last` are the
    lines of the statement as far as it runs by itself (of an ``if``, its condition). `function` is the
    qualified name of the outermost function it is in, empty outside of any; `in_class` says that it is then
    in the body of a class, which is made once, when the module is loaded.
    """

    module: str
    place: int
    number: int
    line: int
    change: str
    first: int
    last: int
    function: str
    in_class: bool = False


def file_of(module: str) -> Path:
    """Where a module is."""
    return (ROOT / "src" / "sceau" / Path(*module.split("."))).with_suffix(".py")


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its tree."""
    yield from mutants_in(module, file_of(module).read_text("utf-8"))


def mutants_in(module: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a module with this text."""
    tree = ast.parse(text)
    where = dict(_where(tree, ast.Pass(lineno=0, end_lineno=0), "", ()))
    for place, node in enumerate(_places(tree)):
        if id(node) not in where:
            continue
        statement, function, in_class = where[id(node)]
        first = statement.lineno
        last = max(first, getattr(_runs(statement, node), "end_lineno", None) or first)
        for number, change in enumerate(_changes(node)):
            line = getattr(node, "lineno", first)
            yield Mutant(module, place, number, line, change, first, last, function, in_class)


def changed(mutant: Mutant, text: str) -> ast.Module:
    """The tree of the module with this change made."""
    tree = ast.parse(text)
    _apply(_places(tree)[mutant.place], mutant.number)
    return ast.fix_missing_locations(tree)


def _runs(statement: ast.stmt, node: ast.AST) -> ast.AST:
    """What of a statement runs when its line does: its condition where it holds others, or all of it."""
    if isinstance(statement, ast.If | ast.While):
        return statement.test
    if isinstance(statement, ast.For):
        return statement.iter
    return node if hasattr(statement, "body") else statement


def _where(
    node: ast.AST, statement: ast.stmt, function: str, names: tuple[str, ...]
) -> Iterator[tuple[int, tuple[ast.stmt, str, bool]]]:
    """For each node its statement, the outermost function it is in, or whether it is in a class only."""
    if isinstance(node, ast.stmt):
        statement = node
    yield id(node), (statement, function, bool(names) and not function)
    scope = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    inner = (*names, node.name) if scope and not function else names  # type: ignore[attr-defined]
    body = {id(one) for one in node.body} if scope else set()  # type: ignore[attr-defined]
    for child in ast.iter_child_nodes(node):
        within = function
        if not function and id(child) in body and not isinstance(node, ast.ClassDef):
            within = ".".join(inner)
        yield from _where(child, statement, within, inner if id(child) in body else names)


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
