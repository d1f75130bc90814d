"""The scope: the names that a habilitation covers, and those it does not [N413 4.2, decisions 2 to 6].

An algebra of two shapes over names compared label by label: a branch (a name and everything below it) and a
point (exactly one name). `domain` and `subdomain` are branches of hosts, `server` a point; `mail` is a
branch of mail domains, or a point when the restriction box is ticked. How a scope is read from a form is
`declaration`'s, what is asked under it is `naming`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sceau.catalogue import ScopeFamily, load_catalogue
from sceau.vocabulary import Finding, HostName, Mailbox, Reading, read_ok, read_refused


class ScopeKind(StrEnum):
    """What the declared name is said to be. The notice writes the first three alike, so the kind is asked."""

    DOMAIN = "domain"
    SUBDOMAIN = "subdomain"
    SERVER = "server"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Scope:
    """The names covered by one habilitation. `restricted` (the box of the form) is of mail only."""

    kind: ScopeKind
    name: HostName
    restricted: bool = False

    def __post_init__(self) -> None:
        if self.restricted and self.kind is not ScopeKind.MAIL:
            raise ValueError("the restriction box exists for mail only")

    @property
    def family(self) -> ScopeFamily:
        """Whether host names or mailboxes are asked under it."""
        return ScopeFamily.MAIL if self.kind is ScopeKind.MAIL else ScopeFamily.HOST

    @property
    def is_point(self) -> bool:
        """Whether it covers exactly one name (one mail domain), and nothing below."""
        return self.kind is ScopeKind.SERVER or self.restricted

    @property
    def declared(self) -> str:
        """The name as a form has it: ``mon-domaine.fr``, ``@mon-domaine.fr``."""
        return f"@{self.name.text}" if self.kind is ScopeKind.MAIL else self.name.text

    @property
    def canonical(self) -> str:
        """A key that is equal for two scopes if and only if they cover the same names [decision 17].

        A `domain` and a `subdomain` of one name are one branch: they have one key.
        """
        return f"{'only' if self.is_point else 'under'}:{self.declared}"

    @property
    def words(self) -> str:
        """The French sentence: what it covers, what it does not, with examples."""
        return load_catalogue().say(in_words(self)).text

    def holds(self, name: HostName) -> bool:
        """Whether a host, or the domain of a mailbox, is inside. The one comparison of the product."""
        return name == self.name if self.is_point else name.lies_under(self.name)

    def contains(self, other: Scope) -> bool:
        """Whether every name that `other` covers is covered by this one."""
        if self.family is not other.family or not self.holds(other.name):
            return False
        return other.is_point or not self.is_point


def covering_keys(name: HostName | Mailbox) -> tuple[str, ...]:
    """The `canonical` keys of all the scopes that hold `name`, the nearest first: as many as it has labels.

    The right that covers a name is found by looking these up, among however many.
    """
    host, mark = (name, "") if isinstance(name, HostName) else (name.domain, "@")
    text = host.text
    keys = [f"only:{mark}{text}", f"under:{mark}{text}"]
    _, _, rest = text.partition(".")
    while "." in rest:  # a scope is of two labels or more
        keys.append(f"under:{mark}{rest}")
        _, _, rest = rest.partition(".")
    return tuple(keys)


def scope_of_key(canonical: str) -> Scope:
    """A scope that covers what `canonical` stands for. Raises ValueError for what is no such key."""
    shape, _, declared = canonical.partition(":")
    if shape not in ("only", "under"):
        raise ValueError(f"no canonical key: {canonical!r}")
    is_point = shape == "only"
    if declared.startswith("@"):
        return Scope(ScopeKind.MAIL, HostName(declared[1:]), restricted=is_point)
    return Scope(ScopeKind.SERVER if is_point else ScopeKind.DOMAIN, HostName(declared))


def in_words(scope: Scope) -> Finding:
    """What a scope covers, as a finding of severity info."""
    name = scope.name.text
    if scope.kind is ScopeKind.SERVER:
        return Finding.info("scope.words-server", scope.declared, name=name)
    if scope.kind is ScopeKind.MAIL and scope.restricted:
        return Finding.info("scope.words-mail-restricted", scope.declared, name=name)
    if scope.kind is ScopeKind.MAIL:
        return Finding.info("scope.words-mail", scope.declared, name=name)
    return Finding.info("scope.words-branch", scope.declared, name=name)


def decide_narrowing(narrower: Scope, wider: Scope) -> Reading[Scope]:
    """`narrower` when it adds no name to `wider` (an amendment that needs no new act), else why it does."""
    if wider.contains(narrower):
        return read_ok(narrower)
    return read_refused(Finding.error("scope.wider", narrower.declared, than=wider.declared))
