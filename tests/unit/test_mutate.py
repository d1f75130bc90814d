"""The mutants: each changes one thing, knows where it is, and takes the place of what is alive."""

from __future__ import annotations

import ast
import sys
from types import FunctionType, ModuleType

import pytest
from tools import mutate
from tools.mutant_changes import ROOT, Mutant, changed, file_of, mutants_in

TEXT = '''"""A gate."""
LIMIT = 3


class Gate:
    open = True

    def takes(self, value: int = 2) -> bool:
        """Whether."""
        if value > LIMIT and not value == 7:
            raise ValueError(value)
        return self.open


def outer(value):
    def inner():
        return value + LIMIT

    return inner
'''


def mutants() -> dict[tuple[int, str], Mutant]:
    return {(one.line, one.change): one for one in mutants_in("a.gate", TEXT)}


def test_each_change_is_one_change_and_no_two_are_the_same() -> None:
    made = [ast.unparse(changed(one, TEXT)) for one in mutants_in("a.gate", TEXT)]
    assert len(made) == len(set(made))
    before = ast.unparse(ast.parse(TEXT)).splitlines()
    for text in made:
        lines = text.splitlines()
        assert sum(one != other for one, other in zip(before, lines, strict=True)) == 1


def test_a_refusal_can_be_turned_denied_and_left_out() -> None:
    found = mutants()
    assert {change for line, change in found if line in (10, 11)} >= {
        "Gt turned",
        "and turned",
        "and: part 1 left out",
        "and: part 2 left out",
        "not left out",
        "condition always true",
        "condition never true",
        "raise left out",
    }
    assert not [line for line, _ in found if line in (1, 9)]  # what is only said


def test_a_mutant_knows_its_function_and_the_lines_that_run_with_it() -> None:
    found = mutants()
    turned = found[10, "Gt turned"]
    assert turned.function == "Gate.takes"
    assert turned.first == turned.last == turned.line
    assert found[2, "3 moved"].function == ""
    assert not found[2, "3 moved"].in_class
    assert found[6, "True moved"].in_class
    assert next(one for one in found.values() if one.change == "Add turned").function == "outer"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> ModuleType:
    """The module, alive, with others that have hold of what is in it."""
    from pathlib import Path

    file = Path(str(tmp_path)) / "gate.py"
    file.write_text(TEXT, "utf-8")
    module = ModuleType("sceau.a.gate")
    module.__file__ = str(file)
    exec(compile(TEXT, str(file), "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "sceau.a.gate", module)
    monkeypatch.setattr(mutate, "file_of", lambda name: file)
    return module


def alive(module: ModuleType) -> list[FunctionType]:
    return [module.Gate.takes, module.outer, module.outer(1)]


def test_what_is_alive_gets_the_changed_code_and_keeps_its_identity(gate: ModuleType) -> None:
    held = gate.Gate()
    with pytest.raises(ValueError, match="8"):
        held.takes(8)
    never = next(one for one in mutants().values() if one.change == "raise left out")
    assert mutate.put_in_place(never, alive(gate))
    assert held.takes(8)


def test_an_inner_function_that_was_made_before_is_changed_too(gate: ModuleType) -> None:
    made = gate.outer(5)
    turned = next(one for one in mutants().values() if one.change == "Add turned")
    assert made() == 8
    assert mutate.put_in_place(turned, [*alive(gate), made])
    assert made() == 2


def test_a_table_is_made_anew_wherever_it_is_held(gate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    other = ModuleType("sceau.a.other")
    other.LIMIT = gate.LIMIT  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sceau.a.other", other)
    assert mutate.put_in_place(mutants()[2, "3 moved"], alive(gate), anew=True)
    assert (gate.LIMIT, other.LIMIT) == (4, 4)
    assert gate.Gate().takes(4)


def test_the_tests_that_reach_the_statement_are_chosen_the_quickest_first() -> None:
    line = mutants()[2, "3 moved"]
    raised = next(one for one in mutants().values() if one.change == "raise left out")
    reached = mutate.Reached(
        loading={"a.gate": {2, 6}},
        tests={
            "slow": {"a.gate": {raised.line}},
            "quick": {"a.gate": {raised.line}},
            "other": {"a.gate": {15}},
        },
        seconds={"slow": 2.0, "quick": 0.1, "other": 0.5},
    )
    assert reached.of(raised) == ["quick", "slow"]
    assert not reached.while_loading(raised)
    assert reached.while_loading(line)
    assert reached.of(line) == ["quick", "other", "slow"]  # it counts for all that use the module


def test_a_child_that_ends_badly_or_never_has_noticed() -> None:
    import time

    def forever() -> int:
        time.sleep(60)
        return 0

    one = mutants()[2, "3 moved"]
    jobs = [
        mutate.Job(one, 30, lambda: 0),
        mutate.Job(one, 30, lambda: 1),
        mutate.Job(one, 30, lambda: 1 // 0),
        mutate.Job(one, 0.3, forever),
    ]
    assert sorted(fate for _, fate, _ in mutate.run_all(iter(jobs), 4)) == [
        "killed",
        "killed",
        "slow",
        "survived",
    ]


def test_every_target_names_modules_and_tests_that_there_are() -> None:
    for modules, tests in mutate.TARGETS.values():
        assert all(file_of(module).is_file() for module in modules)
        assert all((ROOT / "tests" / name).is_file() for name in tests)
