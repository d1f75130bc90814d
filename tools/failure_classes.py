"""Which test carries which failure class (F01–F50) and reliability goal (G01–G22): docs/failure-classes.md.

    python tools/failure_classes.py          # write the page again

A test carries a number by its name (`test_f17_…`), or by the number in its docstring or in that of its module
(`[F17]`). A number that no test carries has a reason, written here; a number with both is an error.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "failure-classes.md"
NUMBERS = (*(f"F{at:02}" for at in range(1, 51)), *(f"G{at:02}" for at in range(1, 23)))
REASONS: dict[str, str] = {
    "F48": "a compromised key is reported with its proof and ended at once (F17): no such report waits for a "
    "person. Reports in free words reach the operator by mail, outside this program, without a timer of ours",
    "G09": "`make mutate`, hours: [mutants.md](mutants.md)",
    "G16": "`make bench`: figures, not tests",
    "G17": "eight hours at half load have not been run",
    "G20": "a timed restore from a backup is the operator's drill; what a restored one forgot is found "
    "(F43, G14)",
}
_IN_NAME = re.compile(r"(?<![a-z0-9])([fg][0-9]{2})(?![0-9])")
_IN_WORDS = re.compile(r"\b([FG][0-9]{2})\b")


def carried() -> dict[str, list[str]]:
    """For each number the tests that carry it: ``file::name``, or the file alone for a whole module."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        if path.name.startswith("test_") or "reliability" in where:
            _note(found, where, ast.get_docstring(tree) or "")
        for node in ast.walk(tree):
            is_drill = "reliability" in where and isinstance(node, ast.FunctionDef)
            if isinstance(node, ast.FunctionDef) and (node.name.startswith("test_") or is_drill):
                _note(found, f"{where}::{node.name}", ast.get_docstring(node) or "")
                for number in _IN_NAME.findall(node.name.replace("_", " ")):
                    found[number.upper()].add(f"{where}::{node.name}")
    return {number: sorted(found.get(number, ())) for number in NUMBERS}


def _note(found: defaultdict[str, set[str]], where: str, words: str) -> None:
    for number in _IN_WORDS.findall(words):
        found[number].add(where)


def page() -> str:
    """The page as it should be."""
    tests = carried()
    lines = [
        "# Failure classes and the tests that carry them",
        "",
        "Made by `tools/failure_classes.py`, held to the tests there are. Of each, four at most are named.",
        "",
        "| class | tests, or why there is none |",
        "|---|---|",
    ]
    for number in NUMBERS:
        names = tests[number]
        which = REASONS.get(number) or "<br>".join(f"`{name.removeprefix('tests/')}`" for name in names[:4])
        lines.append(f"| {number} | {which} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
