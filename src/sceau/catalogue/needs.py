"""From what people want to do to what they have to order, as data: uses in plain words, few questions, what
to have at hand.

Values only, as `data/needs.toml` has them. What follows from the answers is `registration`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sceau.catalogue.reading import Row
from sceau.catalogue.types import NameNeed


class Per(StrEnum):
    """What one certificate is needed for each of."""

    SERVER = "server"
    APPLICATION = "application"
    MAILBOX = "mailbox"
    PERSON = "person"
    STRUCTURE = "structure"


@dataclass(frozen=True, slots=True)
class NeededProduct:
    """One product; `name` is the only name it may carry, empty where it is free."""

    product: str
    per: Per
    name: str


@dataclass(frozen=True, slots=True)
class UseAnswer:
    """One answer to a use's own question, and what it takes. `preset`: the known use it is (may be empty)."""

    code: str
    label: str
    hint: str
    preset: str
    certificates: tuple[NeededProduct, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """Something people want to do. `question` is empty where there is nothing to ask: one answer then."""

    code: str
    group: str
    label: str
    hint: str
    sentence: str
    question: str
    answers: Mapping[str, UseAnswer]
    clause: str


@dataclass(frozen=True, slots=True)
class NeedQuestion:
    """A question common to all uses, asked when every flag of `when` is set; `answers` maps code to label."""

    code: str
    label: str
    hint: str
    when: frozenset[str]
    answers: Mapping[str, str]
    clause: str


@dataclass(frozen=True, slots=True)
class NeedAdvice:
    """Something to have at hand, or that somebody has to do, when every flag of `when` is set."""

    code: str
    label: str
    text: str
    when: frozenset[str]
    clause: str


@dataclass(frozen=True, slots=True)
class NeedRules:
    """The whole table. `groups`: the label of each group of uses; `names`: how each kind of name is said."""

    groups: Mapping[str, str]
    uses: Mapping[str, Use]
    questions: Mapping[str, NeedQuestion]
    have: tuple[NeedAdvice, ...]
    do: tuple[NeedAdvice, ...]
    names: Mapping[NameNeed, str]


def read_needs(row: Row) -> NeedRules:
    """The whole table: every use in a group that there is, every kind of name said."""
    groups = {code: _label(one) for code, one in row.row("groups").rows()}
    uses = {code: _use(code, one, groups) for code, one in row.row("uses").rows()}
    questions = {code: _question(code, one) for code, one in row.row("questions").rows()}
    have = tuple(_advice(code, one) for code, one in row.row("have").rows())
    do = tuple(_advice(code, one) for code, one in row.row("do").rows())
    names = {}
    for need in NameNeed:
        one = row.row("names").row(need)
        names[need] = one.text("text")
        one.text("clause")
        one.close()
    row.close()
    return NeedRules(
        MappingProxyType(groups),
        MappingProxyType(uses),
        MappingProxyType(questions),
        have,
        do,
        MappingProxyType(names),
    )


def _label(row: Row) -> str:
    label = row.text("label")
    row.close()
    return label


def _use(code: str, row: Row, groups: Mapping[str, str]) -> Use:
    group = row.text("group")
    if group not in groups:
        row.problem(f"{group!r} is no group", "group")
    answers = {name: _answer(name, one) for name, one in row.row("answers").rows()}
    question = row.text("question", "")
    if (len(answers) > 1) is not bool(question):
        row.problem("a question is asked exactly where there are several answers", "question")
    use = Use(
        code=code,
        group=group,
        label=row.text("label"),
        hint=row.text("hint", ""),
        sentence=row.text("sentence"),
        question=question,
        answers=MappingProxyType(answers),
        clause=row.text("clause"),
    )
    row.close()
    return use


def _answer(code: str, row: Row) -> UseAnswer:
    certificates = []
    for one in row.list_of_rows("certificates"):
        certificates.append(NeededProduct(one.text("product"), one.choice("per", Per), one.text("name", "")))
        one.close()
    if not certificates:
        row.problem("nothing is needed", "certificates")
    answer = UseAnswer(
        code, row.text("label"), row.text("hint", ""), row.text("preset", ""), tuple(certificates)
    )
    row.close()
    return answer


def _question(code: str, row: Row) -> NeedQuestion:
    given = row.row("answers")
    answers = {name: given.text(name) for name in given.names}
    given.close()
    question = NeedQuestion(
        code,
        row.text("label"),
        row.text("hint", ""),
        frozenset(row.texts("when")),
        MappingProxyType(answers),
        row.text("clause"),
    )
    row.close()
    return question


def _advice(code: str, row: Row) -> NeedAdvice:
    advice = NeedAdvice(
        code, row.text("label"), row.text("text"), frozenset(row.texts("when")), row.text("clause")
    )
    row.close()
    return advice
