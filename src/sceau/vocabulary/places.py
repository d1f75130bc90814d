"""Where a structure stands: the French postcode [N413 1].

Decides the shape and whether a department can have such a code. Whether the code exists and which communes it
serves is said by the table of communes in `catalogue`, which warns and never refuses.
"""

from __future__ import annotations

from dataclasses import dataclass

from sceau.vocabulary.findings import Reading
from sceau.vocabulary.typed_text import IdentifierMode


@dataclass(frozen=True, slots=True)
class Postcode:
    """A French postcode: 5 digits."""

    text: str

    @property
    def department(self) -> str:
        """Code of the department the postcode is named after (``69``, ``2A``, ``974``)."""
        raise NotImplementedError


def read_postcode(
    text: str, *, subject: str = "postcode", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[Postcode]:
    """The postcode in `text`, or every finding."""
    raise NotImplementedError
