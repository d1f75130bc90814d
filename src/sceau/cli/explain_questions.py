"""The questions that `explain` understands, each handed to the very rule that decides.

Here a JSON object becomes a question or is refused: an unknown field, a missing one, a value of the wrong
type or an unknown word is never guessed at. What the answer is, is decided by `registration`,
`certification` and the readers of identifiers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sceau.catalogue import Catalogue, NameNeed, load_catalogue
from sceau.cli.explain_files import read_question_file
from sceau.registration import (
    Name,
    Scope,
    decide_declared_names,
    decide_right,
    read_name,
    read_scope,
)
from sceau.vocabulary import Finding, IdentifierMode, Reading, displayed, read_refused

Request = Mapping[str, Any]
_MOST_SAID: Final = 20  # of a hundred thousand unknown fields, a person mends none; an answer stays an answer


@dataclass(frozen=True, slots=True)
class Asker:
    """What a question is answered with: the rules, the hour (UTC), and whose identifiers are meant."""

    catalogue: Catalogue
    at: Callable[[], datetime]
    mode: IdentifierMode = IdentifierMode.REAL


def new_asker(at: Callable[[], datetime], mode: IdentifierMode = IdentifierMode.REAL) -> Asker:
    """An asker with the shipped catalogue."""
    return Asker(load_catalogue(), at, mode)


def answer(request: object, asker: Asker) -> tuple[Finding, ...]:
    """Every finding about one request; a request that is not understood is refused, and why is said."""
    if not isinstance(request, dict):
        return (Finding.error("explain.not-an-object", "request"),)
    word = request.get("explain")
    question = QUESTIONS.get(word) if isinstance(word, str) else None
    if question is None:
        known = ", ".join(QUESTIONS)
        asked = displayed(word) if isinstance(word, str) else "?"
        return (Finding.error("explain.unknown-question", "explain", asked=asked, known=known),)
    refusal = _check_fields(request, question)
    if refusal:
        return refusal
    return question.ask(request, asker) or (Finding.info("explain.accepted", "request"),)


def _check_fields(request: Request, question: Question) -> tuple[Finding, ...]:
    """Fields that are not understood, and fields that lack: both refuse."""
    unknown = [name for name in request if name not in question.fields and name not in _ENVELOPE][:_MOST_SAID]
    missing = [name for name in question.needed if name not in request]
    found = [Finding.error("explain.unknown-field", displayed(name)) for name in unknown]
    found += [Finding.error("explain.missing-field", name) for name in missing]
    for name in question.texts:
        if name in request and not isinstance(request[name], str):
            found.append(Finding.error("explain.not-text", name))
    return tuple(found)


def _ask_name(request: Request, asker: Asker) -> tuple[Finding, ...]:
    return _decide(request, asker).findings


def _decide(request: Request, asker: Asker) -> Reading[tuple[Name, ...]]:
    names = request["names"]
    if not isinstance(names, list):
        return read_refused(Finding.error("explain.not-a-list", "names"))
    scope = _scope_of(request, asker)
    return decide_declared_names(request["product"], scope, names, asker.catalogue)


def _scope_of(request: Request, asker: Asker) -> Reading[Scope] | None:
    """The declared scope; none for a product that asks for none, and one given all the same is refused."""
    product = asker.catalogue.products.get(request["product"])
    given = [key for key in ("kind", "declared") if request.get(key) is not None]
    if product is None or product.scope_family is not None:
        return _read_scope(request, asker, product=None if product is None else product.code)
    if not given:
        return None
    return read_refused(Finding.error("scope.not-for-product", given[0], product=product.code))


def _read_scope(request: Request, asker: Asker, *, product: str | None) -> Reading[Scope]:
    return read_scope(
        kind=request.get("kind"),
        declared=request.get("declared"),
        restricted=request.get("restricted"),
        catalogue=asker.catalogue,
        product=product,
    )


def _ask_scope(request: Request, asker: Asker) -> tuple[Finding, ...]:
    return _read_scope(request, asker, product=request.get("product")).findings


def _ask_csr(request: Request, asker: Asker) -> tuple[Finding, ...]:
    """The names first, by the scope; then the request, against the names that it may carry."""
    form = request.get("format")
    found = _check_format(form)
    content = read_question_file(request["file"])
    found += content.findings
    product = asker.catalogue.products.get(request["product"])
    own_card = product is not None and product.scope_family is None and product.name_need is NameNeed.MAILBOX
    if own_card and not request["names"] and _scope_of(request, asker) is None:
        names: tuple[Name, ...] = ()  # a PS certificate's mailbox is confirmed by a code, not asked for here
    else:
        decided = _decide(request, asker)
        found += decided.findings
        names = decided.value if decided.value is not None else _readable(request, asker)
    if content.value is None or product is None or _check_format(form):
        return found
    from sceau.certification import judge_csr  # late: questions of names must not pay for cryptography

    return found + judge_csr(
        content.value, form=form, product=product.code, names=names, catalogue=asker.catalogue, at=asker.at()
    )


def _readable(request: Request, asker: Asker) -> tuple[Name, ...]:
    """Names refused but readable: the request is compared with them, so that all is said at once."""
    product = asker.catalogue.products.get(request["product"])
    names = request["names"]
    if product is None or not isinstance(names, list):
        return ()
    readings = (read_name(product, name) for name in names if isinstance(name, str))
    return tuple(reading.value for reading in readings if reading.value is not None)


def _check_format(form: object) -> tuple[Finding, ...]:
    if form in (None, "pem", "der"):
        return ()
    return (Finding.error("explain.unknown-word", "format", known="pem, der"),)


def _ask_key(request: Request, asker: Asker) -> tuple[Finding, ...]:
    content = read_question_file(request["file"])
    found = _check_format(request.get("format")) + content.findings
    if content.value is None:
        return found
    from sceau.certification import judge_key  # late, as above

    return found + judge_key(content.value, at=asker.at())


def _ask_id(request: Request, asker: Asker) -> tuple[Finding, ...]:
    from sceau.cli.explain_id import explain_id

    commune = request.get("commune") if request["type"] == "postcode" else None
    return explain_id(request["type"], request["value"], commune=commune, mode=asker.mode)


def _ask_right(request: Request, asker: Asker) -> tuple[Finding, ...]:
    from sceau.cli.explain_right import read_right_question

    question = read_right_question(request, asker.catalogue)
    if question.value is None:
        return question.findings
    return question.findings + decide_right(question.value, catalogue=asker.catalogue)


@dataclass(frozen=True, slots=True)
class Question:
    """A question's fields: those it needs, those it may have, those that must be texts; and who answers."""

    ask: Callable[[Request, Asker], tuple[Finding, ...]]
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """Every field that is understood."""
        return frozenset((*self.needed, *self.optional))


_ENVELOPE: Final = frozenset({"explain", "id"})  # `id` is the asker's own mark, given back with the answer
_SCOPE: Final = ("kind", "declared", "restricted")
QUESTIONS: Final[Mapping[str, Question]] = MappingProxyType(
    {
        "name": Question(_ask_name, ("product", "names"), _SCOPE, ("product",)),
        "scope": Question(_ask_scope, (), (*_SCOPE, "product"), ("product",)),
        "csr": Question(_ask_csr, ("product", "names", "file"), (*_SCOPE, "format"), ("product",)),
        "key": Question(_ask_key, ("file",), ("format",)),
        "id": Question(_ask_id, ("type", "value"), ("commune",)),
        "right": Question(
            _ask_right,
            ("product", "card", "channel"),
            (
                "habilitated",
                "scope",
                "requested",
                "contract",
                "habilitation",
                "admin_designated",
                "holder_letter",
            ),
            ("product",),
        ),
    }
)
