"""Machine doors: REST today, ACME and EST to come. Same verbs and warrants as the pages, no rule of theirs.

A door learns from `site` which certificate the TLS layer proved and how a card is read; nothing
else is trusted.
"""

from sceau.enrolment.rest.app import RestApp, Settings

__all__ = ["RestApp", "Settings"]
