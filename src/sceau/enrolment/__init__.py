"""Machine doors: REST today, ACME and EST to come. Same verbs and warrants as the pages, no rule of theirs.

A door learns from `site` which certificate the TLS layer proved and how a card is read; nothing
else is trusted.
"""

from sceau.enrolment.rest.app import RestApp, Settings
from sceau.enrolment.rest.at_once import AtOnce, Caller
from sceau.enrolment.rest.plain_call import PlainCall, Unfinished, read_plain_call
from sceau.enrolment.rest.silence import Silence

__all__ = ["AtOnce", "Caller", "PlainCall", "RestApp", "Settings", "Silence", "Unfinished", "read_plain_call"]
