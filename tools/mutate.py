"""Change one thing in the code that refuses, and see whether a test notices.

    python tools/mutate.py [keys|weakness|curves|known_keys|profiles|examine|lint|shape|gate|scope …]
                           [--most N] [--seconds S] [--seed N] [--at-once N] [--once]

The tests of a target run once, unchanged, and which lines each of them reaches is recorded. Then one process
that has loaded everything forks for each mutant (see `mutant_changes`): the child gives the changed function
the changed code (and the module its tables anew, where they are made by what was changed), and runs the tests
that reach the statement, the quickest first, until one fails. What they let through is judged from the
beginning: by every test of the target that reaches the module, in a process that loads the changed module.
What passes these as well has survived: it is either a test that is missing, or a change that changes nothing.
With `--once` what they let through is not judged again, for a look: memories that are warm may hide a change.

Nothing in the tree is written but `build/mutants.md` and `build/mutants.json`, where each target run takes
the place of its last run. The usual tools (mutmut, cosmic-ray) rewrite the source in place and start an
interpreter a mutant; here the tree may be worked in meanwhile.
"""

from __future__ import annotations

import argparse
import ast
import functools
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / part) for part in (".", "src")]

from tools.mutant_changes import ROOT, Mutant, changed, file_of, mutants_of  # noqa: E402

_CSR = ("unit/test_csr.py", "property/test_short_ways.py", "property/test_requests.py")
_KEYS = ("unit/test_keys.py", "unit/test_weakness.py", *_CSR)
_PROFILES = ("unit/test_profiles.py", "unit/test_catalogue.py", "conformance/test_golden.py")
_SHAPES = (
    "unit/test_gate.py",
    "unit/test_shape.py",
    "unit/test_examine.py",
    "property/test_shape_properties.py",
)
# Modules (below `sceau`), and the tests that guard them.
TARGETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "keys": (("certification.keys",), _KEYS),
    "weakness": (("certification.weakness",), _KEYS[:2]),
    "curves": (("certification.curves",), _KEYS),
    "known_keys": (("certification.known_keys",), _KEYS[:2]),
    "profiles": (("certification.mould", "certification.build"), (*_PROFILES, *_SHAPES)),
    "examine": (
        tuple(f"certification.{name}" for name in ("examine", "expectations", "reading", "rules")),
        (*_SHAPES, *_PROFILES),
    ),
    "lint": (("certification.lint",), _SHAPES),
    "shape": (("certification.shape", "certification.remembered"), (*_SHAPES, "property/test_short_ways.py")),
    "gate": (
        ("certification.gate", "certification.signing", "certification.draft"),
        (*_SHAPES, *_PROFILES, "property/test_issuance.py", "property/test_short_ways.py"),
    ),
    "scope": (("registration.scope",), ("unit/test_scope.py", "property/test_scope_properties.py")),
}
LONGEST = 600.0
_CANNOT = 99


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant: ``killed``, ``survived`` or ``slow`` (stopped, which counts as noticed)."""

    target: str
    module: str
    line: int
    change: str
    fate: str
    seconds: float


@dataclass(slots=True)
class Reached:
    """Which lines of the modules each test reaches, how long it takes; what ran while they were loaded."""

    loading: dict[str, set[int]] = field(default_factory=dict)
    tests: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def of(self, mutant: Mutant) -> list[str]:
        """The tests that reach a mutant, the quickest first."""
        if self.while_loading(mutant):
            return self.all_of(mutant.module)
        lines = set(range(mutant.first, mutant.last + 1))
        return self._quickest(
            name for name, seen in self.tests.items() if lines & seen.get(mutant.module, set())
        )

    def all_of(self, module: str) -> list[str]:
        """The tests that reach a module, or all of them where none does."""
        return self._quickest(name for name, seen in self.tests.items() if module in seen) or list(self.tests)

    def while_loading(self, mutant: Mutant) -> bool:
        """Whether the statement ran before any test did."""
        ran = self.loading.get(mutant.module, set())
        return not mutant.function or any(at in ran for at in range(mutant.first, mutant.last + 1))

    def limit(self, tests: Iterable[str]) -> float:
        """How long these tests may take before they are told to be endless."""
        return min(LONGEST, 15 + 4 * sum(self.seconds[name] for name in tests))

    def _quickest(self, names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda name: self.seconds[name])


class _Chosen:
    """Keeps these tests, in this order."""

    def __init__(self, names: list[str]) -> None:
        self._order = {name: at for at, name in enumerate(names)}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._order), key=lambda item: self._order[item.nodeid]
        )


class _Recorder:
    """Runs every test once and notes what it reaches."""

    def __init__(self, modules: Iterable[str]) -> None:
        self._modules = {str(file_of(module)): module for module in modules}
        self.reached = Reached()
        self.failed = 0
        self._seen = self.reached.loading

    def trace(self, frame: FrameType, _event: str, _arg: object) -> Any:
        module = self._modules.get(frame.f_code.co_filename)
        if module is None:
            return None
        lines = self._seen.setdefault(module, set())
        lines.add(frame.f_lineno)

        def line(frame: FrameType, _event: str, _arg: object) -> Any:
            lines.add(frame.f_lineno)
            return line

        return line

    def pytest_runtestloop(self, session: Any) -> bool:
        memories = _memories(gc.get_objects())
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            for memory in memories:  # or only the first test would be seen to reach what is remembered
                memory.cache_clear()
            self._seen = self.reached.tests.setdefault(item.nodeid, {})
            began = time.monotonic()
            sys.settrace(self.trace)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            sys.settrace(None)
            self.reached.seconds[item.nodeid] = time.monotonic() - began
        self.failed = session.testsfailed
        return True


class _Warm:
    """Has loaded everything and run every test once; judges each mutant in a child."""

    def __init__(
        self, target: str, mutants: list[Mutant], reached: Reached, at_once: int, told: Path
    ) -> None:
        self._target, self._mutants, self._reached = target, mutants, reached
        self._at_once, self._told = at_once, told
        self._functions: list[FunctionType] = []

    def pytest_runtestloop(self, session: Any) -> bool:
        items = {item.nodeid: item for item in session.items}
        _run_items(session.items)
        everything = gc.get_objects()
        self._functions = [one for one in everything if type(one) is FunctionType]
        for memory in _memories(everything):
            memory.cache_clear()
        del everything
        gc.freeze()
        jobs = (self._job(mutant, items, session) for mutant in self._mutants)
        with self._told.open("w", encoding="utf-8") as out:
            for mutant, fate, seconds in run_all(jobs, self._at_once):
                out.write(json.dumps([self._mutants.index(mutant), fate, seconds]) + "\n")
                out.flush()
        return True

    def _job(self, mutant: Mutant, items: dict[str, Any], session: Any) -> Job:
        tests = self._reached.of(mutant)

        def child() -> int:
            anew = self._reached.while_loading(mutant)
            if mutant.in_class or not put_in_place(mutant, self._functions, anew=anew):
                return _CANNOT
            before = session.testsfailed
            _run_items([items[name] for name in tests], until=lambda: session.testsfailed > before)
            return int(session.testsfailed > before)

        return Job(mutant, self._reached.limit(tests), child)


def _memories(everything: Iterable[object]) -> list[Any]:
    """What our own functions remember."""
    found = [one for one in everything if isinstance(one, functools._lru_cache_wrapper)]
    return [one for one in found if one.__module__.startswith("sceau.certification")]


def _run_items(items: list[Any], until: Callable[[], bool] = lambda: False) -> None:
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if until():
            return


def put_in_place(mutant: Mutant, functions: Iterable[FunctionType], *, anew: bool = False) -> bool:
    """Give the functions of the module that are alive the code of the changed one; `anew`: and the module
    what else it makes when it is loaded. False when they cannot be given it (a name of an enclosing function
    is no longer used): then the changed module has to be loaded from the beginning.
    """
    file = str(file_of(mutant.module))
    whole = compile(changed(mutant, Path(file).read_text("utf-8")), file, "exec")
    codes: dict[str, list[CodeType]] = {}
    for code in _codes(whole):
        codes.setdefault(code.co_qualname, []).append(code)
    if anew:
        _make_again(sys.modules[f"sceau.{mutant.module}"], whole)
    done = anew and not mutant.function
    for function in [one for one in functions if one.__code__.co_filename == file]:
        if not _within(function, mutant.function):
            continue
        found = codes.get(function.__code__.co_qualname, [])
        if len(found) != 1 or len(found[0].co_freevars) != len(function.__code__.co_freevars):
            return False
        function.__code__ = found[0]
        done = done or function.__code__.co_qualname == mutant.function
    return done


def _make_again(module: ModuleType, code: CodeType) -> None:
    """Run the changed module apart, and put the values it makes where those of before are: its functions and
    classes stay, others have hold of them.
    """
    apart: dict[str, Any] = {
        key: value for key, value in module.__dict__.items() if key.startswith("__") and key != "__builtins__"
    }
    exec(code, apart)  # noqa: S102 - our own source
    others = [one for name, one in list(sys.modules.items()) if name.startswith(("sceau.", "tests."))]
    for name, value in apart.items():
        old = module.__dict__.get(name)
        if isinstance(value, FunctionType) and isinstance(old, FunctionType):
            old.__defaults__, old.__kwdefaults__ = value.__defaults__, value.__kwdefaults__
        keeps = isinstance(value, type | FunctionType | ModuleType | functools._lru_cache_wrapper)
        if keeps or name.startswith("__") or value is old:
            continue
        for other in others:
            if other.__dict__.get(name) is old:
                other.__dict__[name] = value


def _within(function: FunctionType, name: str) -> bool:
    qualified = function.__code__.co_qualname
    return qualified == name or qualified.startswith(f"{name}.<locals>.")


def _codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


class _InPlace(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives a mutant for its module, when it is loaded."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = f"sceau.{mutant.module}"
        self._mutant = mutant

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        return importlib.util.spec_from_loader(name, self) if name == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        file = file_of(self._mutant.module)
        module.__file__ = str(file)
        tree = changed(self._mutant, file.read_text("utf-8"))
        exec(compile(tree, str(file), "exec"), module.__dict__)  # noqa: S102 - our own source


@dataclass(frozen=True, slots=True)
class Job:
    """A mutant to be judged by a child within `limit` seconds: 0 for a survivor."""

    mutant: Mutant
    limit: float
    child: Callable[[], int]


def run_all(jobs: Iterator[Job], at_once: int) -> Iterator[tuple[Mutant, str, float]]:
    """Each job in a process of its own, some at once: the mutant, its fate, the seconds."""
    under_way: dict[int, tuple[Job, float]] = {}
    left = True
    while left or under_way:
        while left and len(under_way) < at_once:
            job = next(jobs, None)
            left = job is not None
            if job is not None:
                under_way[_fork(job.child)] = (job, time.monotonic())
        for pid, (job, began) in list(under_way.items()):
            spent = time.monotonic() - began
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
                fate = {0: "survived", _CANNOT: "cannot"}.get(code, "killed")
            elif spent > job.limit:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                fate = "slow"
            else:
                continue
            del under_way[pid]
            yield job.mutant, fate, round(spent, 2)
        time.sleep(0.003)


def _fork(child: Callable[[], int], log: str = os.devnull) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        silence = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = child()
    finally:
        os._exit(code)


def _pytest(tests: Iterable[str], *plugins: object) -> int:
    import pytest

    flags = [
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
        "-q",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    return int(pytest.main([*flags, *(f"tests/{name}" for name in tests)], plugins=list(plugins)))


def _whole(mutant: Mutant, reached: Reached) -> Job:
    """From the beginning: the changed module is loaded, every test that reaches it runs."""
    names = reached.all_of(mutant.module)

    def child() -> int:
        sys.meta_path.insert(0, _InPlace(mutant))
        files = {name.partition("::")[0].removeprefix("tests/") for name in names}
        return _pytest(sorted(files), _Chosen(names), _FirstFailure())

    return Job(mutant, reached.limit(names), child)


class _FirstFailure:
    """Ends the process at the first failure, without telling it at length."""

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            os._exit(1)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            os._exit(1)


def record(modules: tuple[str, ...], tests: tuple[str, ...]) -> Reached:
    """What each test reaches, in a process of its own. Raises SystemExit when one fails unchanged."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "reached"

        def child() -> int:
            recorder = _Recorder(modules)
            sys.settrace(recorder.trace)
            threading.settrace(recorder.trace)
            code = _pytest(tests, recorder)
            sys.settrace(None)
            told.write_text(repr(asdict(recorder.reached)), "utf-8")
            return code or recorder.failed

        pid = _fork(child, str(log := _build() / "mutants.log"))
        if os.waitpid(pid, 0)[1]:
            raise SystemExit(f"they fail without any change: see {log}")
        return Reached(**ast.literal_eval(told.read_text("utf-8")))


def judge(
    target: str, mutants: list[Mutant], reached: Reached, *, at_once: int, once: bool
) -> Iterator[tuple[Mutant, str, float]]:
    """The fate of each mutant."""
    tests = TARGETS[target][1]
    again = [one for one in mutants if not reached.of(one)]
    quick = [one for one in mutants if reached.of(one)]
    told = _build() / f"mutants-{target}.jsonl"
    told.unlink(missing_ok=True)
    pid = _fork(lambda: _pytest(tests, _Warm(target, quick, reached, at_once, told)))
    os.waitpid(pid, 0)
    for line in told.read_text("utf-8").splitlines():
        which, fate, seconds = json.loads(line)
        if fate in ("killed", "slow") or (once and fate == "survived"):
            yield quick[which], fate, seconds
        else:
            again.append(quick[which])
    told.unlink()
    yield from run_all((_whole(one, reached) for one in again), at_once)


def main() -> None:
    """Judge the mutants of the targets named, all of them by default."""
    parser = argparse.ArgumentParser(prog="tools/mutate.py")
    parser.add_argument("targets", nargs="*", default=[], help=", ".join(TARGETS))
    parser.add_argument("--most", type=int, default=0, help="mutants a target, drawn by chance (0: all)")
    parser.add_argument("--seconds", type=float, default=0, help="stop a target after that long (0: never)")
    parser.add_argument("--seed", type=int, default=413)
    parser.add_argument("--once", action="store_true", help="do not judge again what survives")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, help="processes")
    given = parser.parse_args()
    os.chdir(ROOT)
    _load_libraries()
    lived = 0
    for target in given.targets or TARGETS:
        fates = _judge_target(target, given)
        lived += sum(one.fate == "survived" for one in fates)
        _report(target, fates)
    sys.exit(1 if lived else 0)


def _load_libraries() -> None:
    """What no mutant is in, once for all; and properties that look at the same examples each time."""
    for library in ("pytest", "cryptography.x509", "pkilint.loader", "gmpy2", "django"):
        importlib.import_module(library)
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutants",
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )
    settings.load_profile("mutants")


def _judge_target(target: str, given: argparse.Namespace) -> list[Fate]:
    modules, tests = TARGETS[target]
    began, fates = time.monotonic(), list[Fate]()
    reached = record(modules, tests)
    waiting = [mutant for module in modules for mutant in mutants_of(module)]
    random.Random(given.seed).shuffle(waiting)  # noqa: S311
    drawn = waiting[: given.most or len(waiting)]
    _say(
        f"{target}: {len(reached.tests)} tests read in {time.monotonic() - began:.0f} s, {len(drawn)} mutants"
    )
    step = 100 if given.seconds else len(drawn)
    for at in range(0, len(drawn), step or 1):
        if given.seconds and time.monotonic() - began > given.seconds:
            break
        for one, fate, seconds in judge(
            target, drawn[at : at + step], reached, at_once=given.at_once, once=given.once
        ):
            fates.append(Fate(target, one.module, one.line, one.change, fate, seconds))
    killed = sum(one.fate != "survived" for one in fates)
    _say(
        f"{target}: {killed} of {len(fates)} noticed ({len(waiting)} mutants in all), "
        f"{time.monotonic() - began:.0f} s"
    )
    for lived in sorted(
        (one for one in fates if one.fate == "survived"), key=lambda one: (one.module, one.line)
    ):
        _say(f"  survived: {lived.module}:{lived.line}: {lived.change}")
    return fates


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _build() -> Path:
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    return build


def _report(target: str, fates: list[Fate]) -> None:
    build = _build()
    kept = build / "mutants.json"
    before = json.loads(kept.read_text("utf-8")) if kept.exists() else []
    rows = [one for one in before if one.get("target", target) != target] + [asdict(one) for one in fates]
    kept.write_text(json.dumps(rows, indent=1), "utf-8")
    lines = ["# Mutants", "", "| target | module | judged | noticed | survived |", "|---|---|---|---|---|"]
    for name, module in sorted({(one["target"], one["module"]) for one in rows}):
        mine = [one for one in rows if (one["target"], one["module"]) == (name, module)]
        lived = [one for one in mine if one["fate"] == "survived"]
        lines.append(f"| {name} | {module} | {len(mine)} | {len(mine) - len(lived)} | {len(lived)} |")
    lines += [
        "",
        *(f"* {one['module']}:{one['line']}: {one['change']}" for one in rows if one["fate"] == "survived"),
    ]
    (build / "mutants.md").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
