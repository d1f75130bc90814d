"""Under which suffix a name is registered, and which names nobody can own.

The Public Suffix List decides, ICANN and private part, as shipped in the `publicsuffixlist` package (a
release a month); a top-level domain that it doesn't know is not in the public DNS. Special-use names are
those of the IANA register [RFC 6761] and those that networks use as if they were.
"""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList

from sceau.vocabulary.host_names import HostName

# [RFC 6761, 6762, 7686, 8375, 9462, 9476, 9665; ICANN resolution 2024.07.29 on .internal]
_SPECIAL_USE = frozenset(
    {
        "alt",
        "arpa",
        "example",
        "example.com",
        "example.net",
        "example.org",
        "internal",
        "invalid",
        "local",
        "localhost",
        "onion",
        "test",
    }
)


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def public_suffix(name: HostName) -> str | None:
    """The public suffix that `name` ends in or is; None when its last label is not in the public DNS."""
    suffix = _public_suffixes().publicsuffix(name.text)
    return suffix if isinstance(suffix, str) else None


def registrable_name(name: HostName) -> HostName | None:
    """The name registered under a public suffix (one label more) that holds `name`; None for a suffix."""
    registered = _public_suffixes().privatesuffix(name.text)
    return HostName(registered) if isinstance(registered, str) else None


def is_public_suffix(name: HostName) -> bool:
    """Whether `name` is itself a public suffix, under which the public registers names."""
    return public_suffix(name) == name.text


def special_use(name: HostName) -> str | None:
    """The special-use name that `name` is or lies under (``local``, ``onion``, ``example.com``…), or None."""
    labels = name.labels
    branches = (".".join(labels[at:]) for at in range(len(labels)))
    return next((branch for branch in branches if branch in _SPECIAL_USE), None)
