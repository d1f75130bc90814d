"""Every failure class and goal has a test that carries its number, or a written reason; never both."""

from __future__ import annotations

import re

from tools.failure_classes import NUMBERS, PAGE, REASONS, carried


def test_each_number_has_a_test_or_a_reason_and_not_both() -> None:
    tests = carried()
    assert [number for number in NUMBERS if bool(tests[number]) == (number in REASONS)] == []
    assert set(REASONS) <= set(NUMBERS)


def test_the_page_has_each_number_once_with_tests_that_there_are() -> None:
    rows = re.findall(r"^\| ([FG][0-9]{2}) \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [number for number, _ in rows] == list(NUMBERS)
    tests = carried()
    for number, words in rows:
        if number in REASONS:
            assert words == REASONS[number], "run tools/failure_classes.py"
        else:
            named = {f"tests/{name}" for name in re.findall(r"`([^`]+)`", words)}
            assert named, number
            assert named <= set(tests[number]), "run tools/failure_classes.py"
