"""What goes with a right that stops: its tokens end, each with its own entry in the journal."""

from __future__ import annotations

from collections.abc import Collection

from sceau.operations.acts import Act
from sceau.records.models import ApiToken, Certificate, HabilitationVersion
from sceau.registration import Name
from sceau.vocabulary import ApplicationName, HostName, read_mailbox


def end_tokens(act: Act, rights: Collection[str]) -> int:
    """End for ever every token of these rights (references), held by the caller; how many there were.

    A token of a right that does not serve admits nobody already: this makes it so whatever the right becomes.
    """
    rows = (
        ApiToken.objects.select_for_update(of=("self",))
        .select_related("habilitation")
        .filter(habilitation__reference__in=list(rights), revoked_at=None)
        .order_by("id")
    )
    ended = list(rows)
    for row in ended:
        row.revoked_at, row.revoked_by = act.at, act.actor.person_id or "machine"
        row.save(update_fields=["revoked_at", "revoked_by"])
        public = {"by": act.telling.kind}
        act.also("token.revoked", row.reference, row.habilitation.reference, public=public)
    return len(ended)


def live_tokens(rights: Collection[str]) -> tuple[str, ...]:
    """The references of the tokens of these rights that nobody ended."""
    rows = ApiToken.objects.filter(habilitation__reference__in=list(rights), revoked_at=None)
    return tuple(rows.order_by("reference").values_list("reference", flat=True))


def names_of(row: Certificate) -> tuple[Name, ...]:
    """The names that a certificate carries, in their order."""
    return tuple(_name(one.kind, one.value) for one in row.names.order_by("position"))


def present_version(right: int) -> HabilitationVersion:
    """The text that a right (its key) stands on now."""
    rows = HabilitationVersion.objects.select_related("habilitation__person", "contract")
    return rows.filter(habilitation_id=right).order_by("-number")[0]


def _name(kind: str, value: str) -> Name:
    if kind == "host":
        return HostName(value)
    if kind == "application":
        return ApplicationName(value)
    return read_mailbox(value).require()
