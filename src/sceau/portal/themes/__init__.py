"""The look of the pages, apart from what they say: our neutral theme, or the French State's design system.

The pages are written once, in a small vocabulary of classes (`box`, `note`, `tag`, `field`, `acts`…), and the
neutral theme is the style sheet of that vocabulary. Under the State's theme the same templates are read
through a map that adds the design system's own classes, when they are compiled and never again; only the
frame of the page (header, menu, footer) is another template.
"""

from sceau.portal.themes.classes import dressed, tag_classes
from sceau.portal.themes.loader import DressingLoader

__all__ = ["DressingLoader", "dressed", "tag_classes"]
