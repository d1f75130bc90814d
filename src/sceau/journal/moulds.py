"""The one way to write an entry: into a mould, where what entries of a kind have alike is spelt already.

Canonical JSON, names in order, no spaces; the octets are those that the general writer gives, whatever the
data (a property in the tests). What `Entry` asks of the kind, the catalogue and the machine is asked when a
mould is made, the rest with each entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sceau.journal.entries import (
    DIGEST,
    KIND,
    MACHINE,
    MAX_ENTRY_BYTES,
    VERSION,
    Entry,
    Json,
    instant_of,
    octets_of,
    quoted,
    spell,
)


@dataclass(frozen=True, slots=True)
class EntryMould:
    """How entries of one kind are written that tell under the same names; by `mould_of`.

    `public` and `personal` are those names in the order they are written, `text` all that never changes.
    """

    public: tuple[str, ...]
    personal: tuple[str, ...]
    text: str

    def write(
        self, *, at: datetime, about: Sequence[str], public: Mapping[str, Json], commitments: Sequence[str]
    ) -> bytes:
        """The bytes of the leaf. `commitments` are made by `commit_to`: the actor's first, unless a machine
        acted, then one for each name of `personal`.

        Raises `ValueError` or `TypeError` for what could not be written as it is (a defect of the caller).
        """
        if at.tzinfo is None:
            raise ValueError("the time of an entry needs its zone")
        if len(public) != len(self.public):
            raise ValueError("an entry of another mould")
        first = len(commitments) - len(self.personal)
        told = [public[name] for name in self.public]
        data = octets_of(
            self.text
            % (
                ",".join([quoted(reference) for reference in about]),
                *commitments[:first],
                instant_of(at),
                *commitments[first:],
                *[quoted(value) if type(value) is str else spell(value) for value in told],
            )
        )
        if len(data) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry of {len(data)} bytes is longer than {MAX_ENTRY_BYTES}")
        return data


def encode_entry(entry: Entry) -> bytes:
    """The bytes of the leaf: canonical JSON on one line, at most 65,535 bytes (`ValueError` beyond)."""
    actor, sealed = entry.committed("actor"), entry.commitments
    mould = mould_of(
        entry.kind,
        tuple(entry.public),
        tuple(sealed),
        catalogue=entry.catalogue,
        machine="" if actor else entry.actor,
    )
    commitments = [*([actor] if actor else ()), *(sealed[name] for name in mould.personal)]
    return mould.write(at=entry.at, about=entry.about, public=entry.public, commitments=commitments)


@lru_cache(maxsize=512)
def mould_of(
    kind: str, public: tuple[str, ...], personal: tuple[str, ...], *, catalogue: str, machine: str = ""
) -> EntryMould:
    """The mould of entries of this kind with these names, in whichever order they are given.

    `machine` is ``machine:<name>`` when a machine acts by itself. Raises `ValueError` as `Entry` does.
    """
    if not KIND.fullmatch(kind) or not (DIGEST.fullmatch(catalogue) or not catalogue):
        raise ValueError(f"{kind!r} is no kind of entry, or {catalogue!r} no digest")
    if machine and not MACHINE.fullmatch(machine):
        raise ValueError(f"{machine!r} is no machine")
    told, kept = tuple(sorted(public)), tuple(sorted(personal))
    commitments = ",".join(f'{_literal(name)}:"%s"' for name in kept)
    data = ",".join(f"{_literal(name)}:%s" for name in told)
    text = (
        f'{{"about":[%s],"actor":"{machine or "%s"}","at":"%s","catalogue":"{catalogue}",'
        f'"commitments":{{{commitments}}},"kind":"{kind}","public":{{{data}}},"v":{VERSION}}}'
    )
    return EntryMould(told, kept, text)


def _literal(name: str) -> str:
    return quoted(name).replace("%", "%%")
