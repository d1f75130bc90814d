"""The table of mails against the code, both ways: every kind of act is told by a mail, or stands with its
reason among those that no mail tells; and no line of the table is about an act that no code does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sceau
from sceau.catalogue import MailRole, load_catalogue
from sceau.catalogue.mails import read_mail_rules
from sceau.catalogue.reading import Row

OPERATIONS = Path(sceau.__file__).parent / "operations"
PLACE = {"acting": 1, "considering": 1, "at_now": 1, "rename": 0, "also": 0, "Telling": 0}
"""Where each of the calls that name a kind of act has it."""
KIND = re.compile(r"[a-z-]+\.[a-z-]+")
DYNAMIC = {
    ("granting.py", "f'habilitation.{event}'"): {"habilitation.granted", "habilitation.extended"},
    ("contracts.py", "_DONE[event]"): {
        f"contract.{end}" for end in ("suspended", "resumed", "renewed", "terminated")
    },
    ("stops.py", "_TOLD[answer]"): {"habilitation.suspended", "habilitation.withdrawn"},
}
"""Kinds that the code works out: each place, and what it can give. A new place fails until it is here."""


def tables() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(OPERATIONS.rglob("*.py")):
        yield path.name, ast.parse(path.read_text("utf-8"))


def constants(module: ast.Module) -> dict[str, str]:
    """The module's texts by name."""
    found = {}
    for node in module.body:
        if isinstance(node, ast.Assign):
            for target, value in pairs(node):
                found[target] = value
    return found


def pairs(node: ast.Assign) -> Iterator[tuple[str, str]]:
    target, value = node.targets[0], node.value
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    for name, text in zip(names, values, strict=False):
        if isinstance(name, ast.Name) and isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield name.id, text.value


def called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def kinds() -> tuple[set[str], set[tuple[str, str]]]:
    """Every kind that the verbs journal, and the places where it is worked out."""
    literal: set[str] = set()
    places: set[tuple[str, str]] = set()
    for name, module in tables():
        known = constants(module)
        for node in ast.walk(module):
            if not isinstance(node, ast.Call) or called(node) not in PLACE:
                continue
            place = PLACE[called(node)]
            argument = next((one.value for one in node.keywords if one.arg == "kind"), None)
            if argument is None:
                if len(node.args) <= place:
                    continue
                argument = node.args[place]
            found = list(texts(argument, known))
            if found and all(KIND.fullmatch(one) for one in found):
                literal |= set(found)
            else:
                places.add((name, ast.unparse(argument)))
    return literal, places


def texts(node: ast.expr, known: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in known:
        yield known[node.id]
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body, known)
        yield from texts(node.orelse, known)


def test_where_kinds_are_worked_out_is_known() -> None:
    _, places = kinds()
    assert places - PASSED_ON == set(DYNAMIC)


PASSED_ON = {
    ("acts.py", "kind"),
    ("acts.py", "f'refused.{act.telling.kind}'"),
    ("intents.py", "act.telling.kind"),
}
"""Places that hand on a kind that another place names; a refusal is said at once to whom it is made."""


def test_every_kind_of_act_is_told_or_has_its_reason_and_no_line_is_idle() -> None:
    literal, _ = kinds()
    done = literal.union(*DYNAMIC.values())
    rules = load_catalogue().mail
    assert done - rules.told_by.keys() - rules.silent.keys() == set()
    assert (rules.told_by.keys() | rules.silent.keys()) - done == set()
    unless = {kind for mail in rules.mails.values() for kind in mail.unless}
    assert unless - done == set()


def test_every_mail_has_its_act_or_its_reminder() -> None:
    rules = load_catalogue().mail
    reminded = {one.mail for one in rules.reminders.values()}
    assert {code for code, mail in rules.mails.items() if not mail.on} == reminded | {"trial"}


def test_officers_are_sent_to_the_desks_pages_and_the_others_to_their_own() -> None:
    for mail in load_catalogue().mail.mails.values():
        inside = {MailRole.OFFICER, MailRole.DESK} & set(mail.to)
        assert mail.page.startswith("guichet/") == bool(inside and mail.page), mail.code
        assert not inside or set(mail.to) == inside, mail.code


def test_an_act_cannot_be_told_and_untold() -> None:
    problems: list[str] = []
    mail: dict[str, Any] = {
        **{name: "x" for name in ("label", "subject", "text", "item", "after", "clause")},
        "on": ["order.received"],
        "to": ["requester"],
    }
    sending = {
        "first_wait_minutes": 1,
        "longest_wait_minutes": 2,
        "given_up_after_hours": 3,
        "stale_after_days": 4,
        "most_items": 5,
        "clause": "x",
    }
    raw = {
        "mails": {"a": mail},
        "reminders": {},
        "sending": sending,
        "silent": {"order.received": "pour rien"},
    }
    read_mail_rules(Row("mails.toml", raw, problems))
    assert problems == ["mails.toml.silent: 'order.received' is told by a mail"]
