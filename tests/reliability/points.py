"""The named points at which a part of an instance dies.

They lie on what cannot move when the inside of a verb is written anew: a commit, a wait for the disk, a
signature, an answer, a file taking its name. Which call of many it is is drawn, so that one point is many
moments.
"""

from __future__ import annotations

from dataclasses import dataclass

SEGMENT = 400
"""Lines of a segment of the signer's record while it is tortured: borders are crossed all the time."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where `part` dies: before or after one of the first `most` calls of `call` (``module:attribute``)."""

    name: str
    part: str
    call: str
    when: str
    most: int = 1

    def __str__(self) -> str:
        return self.name

    def on(self, count: int) -> str:
        """As `SCEAU_TEST_POINT` wants it, on the `count`-th call."""
        return f"{self.call}:{self.when}:{count}"


_COMMIT = "django.db.backends.base.base:BaseDatabaseWrapper._commit"
_SIGN_ALL = "sceau.custody.client:SignerClient.sign_all"

POINTS = (
    Point("door: before a commit", "enrolment", _COMMIT, "before", 16),
    Point("door: after a commit", "enrolment", _COMMIT, "after", 16),
    Point("door: before the signer is asked", "enrolment", _SIGN_ALL, "before", 6),
    Point("door: asked, before any answer", "enrolment", "sceau.custody.client:_Exchange._wait", "before", 6),
    Point("door: the answers are there", "enrolment", _SIGN_ALL, "after", 6),
    Point("signer: before it examines", "signer", "sceau.custody.desk:SigningDesk.submit", "before", 6),
    Point("signer: before the disk confirms", "signer", "os:fdatasync", "before", 12),
    Point("signer: after the disk confirmed", "signer", "os:fdatasync", "after", 12),
    Point("signer: before the key signs", "signer", "sceau.custody.software:SoftwareKey.sign", "before", 12),
    Point("signer: after the key signed", "signer", "sceau.custody.software:SoftwareKey.sign", "after", 12),
    Point("signer: before it answers", "signer", "sceau.custody.server:SignerServer._answers", "after", 6),
    Point("signer: before a segment is sealed", "signer", "sceau.custody.ledger:Ledger._seal", "before"),
    Point("signer: a seal is written, no segment", "signer", "os:link", "before"),
    Point("signer: a segment has two names", "signer", "os:link", "after"),
    Point("signer: the next segment has its name", "signer", "sceau.custody.ledger:Ledger._begin", "after"),
    Point("clockwork: before a commit", "clockwork", _COMMIT, "before", 6),
    Point("clockwork: after a commit", "clockwork", _COMMIT, "after", 6),
    Point("clockwork: before a list is signed", "clockwork", _SIGN_ALL, "before", 2),
    Point("clockwork: a list is signed", "clockwork", _SIGN_ALL, "after", 2),
    Point("clockwork: before a file takes its name", "clockwork", "pathlib:Path.replace", "before", 4),
    Point("clockwork: a file has its name", "clockwork", "pathlib:Path.replace", "after", 4),
)
