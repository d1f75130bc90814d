"""Whether a scope covers every name of a certificate: asked of rights that change, and of who takes over."""

from __future__ import annotations

from collections.abc import Iterable

from sceau.registration.naming import Name
from sceau.registration.scope import Scope
from sceau.vocabulary import HostName, Mailbox


def covers_names(scope: Scope | None, names: Iterable[Name]) -> bool:
    """Whether a right with this scope could have given all these names. Without a scope (ORG) no domain name
    was asked of it, so there is none to cover; the name of an application lies in no domain.
    """
    if scope is None:
        return True
    for name in names:
        domain = name.domain if isinstance(name, Mailbox) else name
        if isinstance(domain, HostName) and not scope.holds(domain):
            return False
    return True
