"""Pictures for those who would rather look than read: accessible inline SVG, the same said in words beside.

Draws what it is given; reads no table and decides nothing.
"""

from sceau.portal.pictures.canvas import Picture
from sceau.portal.pictures.chain import Chain, Link, chain_picture
from sceau.portal.pictures.order_path import Stage, Station, path_picture, stations_of
from sceau.portal.pictures.scope_tree import Branch, ScopeTree, scope_tree
from sceau.portal.pictures.timeline import Lifetime, timeline_picture
from sceau.portal.pictures.weeks import Week, weeks_picture

__all__ = [
    "Branch",
    "Chain",
    "Lifetime",
    "Link",
    "Picture",
    "ScopeTree",
    "Stage",
    "Station",
    "Week",
    "chain_picture",
    "path_picture",
    "scope_tree",
    "stations_of",
    "timeline_picture",
    "weeks_picture",
]
