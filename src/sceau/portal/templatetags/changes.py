"""What a page of an order asks of its life: which order it amends, and which amend it."""

from __future__ import annotations

from django import template

from sceau.records import amended_by, amends

register = template.Library()


@register.simple_tag
def amends_of(reference: str) -> str:
    """The reference of the order that this one amends; empty when it amends none."""
    return amends(reference)


@register.simple_tag
def amendments_of(reference: str) -> tuple[str, ...]:
    """The references of the orders made to amend this one."""
    return amended_by(reference)
