"""The name that a visitor asks about, in the spellings under which it can be recorded: whole, never a
part.
"""

from __future__ import annotations

from sceau.vocabulary import (
    Finding,
    Reading,
    errors,
    read_application_name,
    read_host_name,
    read_mailbox,
    read_ok,
    read_refused,
)

FIELD = "name"


def read_name(typed: str) -> Reading[frozenset[str]]:
    """The canonical names that `typed` can mean: a mailbox, or a host or an application."""
    text = typed.strip()
    if not text:
        return read_refused(Finding.error("lookup.name-missing", FIELD))
    if "@" in text:
        mailbox = read_mailbox(text, subject=FIELD)
        meant = {mailbox.value.text} if mailbox.value else set()
    else:
        host = read_host_name(text, subject=FIELD)
        application = read_application_name(text, subject=FIELD)
        meant = {one.value.text for one in (host, application) if one.value and not errors(one.findings)}
    if not meant:
        return read_refused(Finding.error("lookup.name-unfit", FIELD))
    return read_ok(frozenset(meant))
