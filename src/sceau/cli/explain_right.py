"""The fields of `explain right`, read into the question that `registration` decides. Nothing is decided here.

A word outside its closed set, a flag that is no true boolean, a list that is no list: each refuses by its
own finding. On the professional's own channel the fields of the file (contract, habilitation, designation,
letter) may be left out, since the rule does not look at them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from sceau.catalogue import Catalogue
from sceau.registration import (
    CardStatus,
    Channel,
    ContractState,
    HabilitationStatus,
    HolderLetter,
    RightQuestion,
    Scope,
    read_scope,
)
from sceau.vocabulary import Finding, Reading, displayed, read_ok, read_refused

E = TypeVar("E", bound=StrEnum)
_OF_THE_FILE: Final = ("habilitated", "contract", "habilitation", "admin_designated", "holder_letter")


def read_right_question(request: Mapping[str, Any], catalogue: Catalogue) -> Reading[RightQuestion]:
    """The question, or every field that cannot be understood."""
    fields = _Fields(request)
    channel = fields.word("channel", Channel, Channel.FORM_413)
    if channel is Channel.FORM_413:
        fields.need(*_OF_THE_FILE)
    card = fields.card()
    question = RightQuestion(
        product=request["product"],
        habilitated=tuple(fields.codes("habilitated")),
        scope=fields.scope(catalogue),
        requested=tuple(fields.sequence("requested")),
        contract=fields.word("contract", ContractState, ContractState.NONE),
        habilitation=fields.word("habilitation", HabilitationStatus, HabilitationStatus.NONE),
        card_type=card[0],
        card_status=card[1],
        admin_designated=fields.flag("admin_designated"),
        holder_letter=fields.word("holder_letter", HolderLetter, HolderLetter.MISSING),
        channel=channel,
    )
    return read_refused(*fields.found) if fields.found else read_ok(question)


class _Fields:
    """The fields of one request, each read once; what is wrong is kept, the worst value stands for it."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.request = request
        self.found: list[Finding] = []

    def need(self, *names: str) -> None:
        """These must be there."""
        self.found += [
            Finding.error("explain.missing-field", name) for name in names if name not in self.request
        ]

    def word(self, name: str, kind: type[E], absent: E) -> E:
        """A word of a closed set."""
        return self._member(name, self.request[name], kind, absent) if name in self.request else absent

    def _member(self, name: str, value: object, kind: type[E], absent: E) -> E:
        if isinstance(value, str) and value in set(kind):
            return kind(value)
        self.found.append(Finding.error("explain.unknown-word", name, known=", ".join(kind)))
        return absent

    def flag(self, name: str) -> bool:
        """A true boolean; ``"true"`` and 1 are doubts [T17]."""
        value = self.request.get(name, False)
        if not isinstance(value, bool):
            self.found.append(Finding.error("explain.not-a-boolean", name))
        return value is True

    def sequence(self, name: str) -> list[object]:
        """A list; absent is empty, which grants nothing."""
        value = self.request.get(name, [])
        if isinstance(value, list):
            return value
        self.found.append(Finding.error("explain.not-a-list", name))
        return []

    def codes(self, name: str) -> list[str]:
        """A list of texts."""
        values = self.sequence(name)
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) != len(values):
            self.found.append(Finding.error("explain.not-text", name))
        return texts

    def card(self) -> tuple[str, CardStatus]:
        """The card's type (any text: the rule knows the types) and status."""
        card = self._object("card", self.request["card"], ("type", "status"))
        if card is None:
            return "", CardStatus.UNKNOWN
        kind = card.get("type")
        if not isinstance(kind, str):
            self.found.append(Finding.error("explain.not-text", "card.type"))
            kind = ""
        return kind, self._member("card.status", card.get("status"), CardStatus, CardStatus.UNKNOWN)

    def scope(self, catalogue: Catalogue) -> Reading[Scope] | None:
        """The declared scope as it reads; None where there is none."""
        value = self.request.get("scope")
        if value is None:
            return None
        scope = self._object("scope", value, ("kind", "declared", "restricted"))
        if scope is None:
            return None
        product = catalogue.products.get(self.request["product"])
        return read_scope(
            kind=scope.get("kind"),
            declared=scope.get("declared"),
            restricted=scope.get("restricted"),
            catalogue=catalogue,
            product=product.code if product is not None and product.scope_family is not None else None,
        )

    def _object(self, name: str, value: object, known: tuple[str, ...]) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            self.found.append(Finding.error("explain.not-an-object", name))
            return None
        unknown = [f"{name}.{displayed(key)}" for key in value if key not in known]
        self.found += [Finding.error("explain.unknown-field", path) for path in unknown]
        return value
