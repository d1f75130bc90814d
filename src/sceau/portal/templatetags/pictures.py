"""Pictures that a template asks for by what it shows already."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from sceau.portal.pictures import path_picture, stations_of
from sceau.records import OrderLine

register = template.Library()


@register.simple_tag
def order_path(line: OrderLine, needed: int | None) -> SafeString:
    """The path of an order, with where it stands."""
    return path_picture(stations_of(line.state, approvals=line.approvals, needed=needed or 2)).svg
