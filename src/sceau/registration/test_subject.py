"""The subject of a test certificate under an issuer of persons: a name that no person bears, for an
identifier that no person has.

A structure numbers those it employs itself; a number that begins with ``ESSAI`` is of nobody. Such a subject
bears one fixed name, and that name is borne by no other [ASSURANCE F24]. It grants nothing and by-passes
nothing: it can only be refused more. The desk confirms it like anybody that a structure employs; it holds no
card, asks for nothing, and its certificates are of the structure's right.
"""

from __future__ import annotations

from sceau.registration.facts import Person
from sceau.vocabulary import Finding, PersonId

TEST_SURNAME, TEST_GIVEN_NAMES = "ESSAI", "CERTIFICAT"
"""The one name of such subjects."""
_MARK = "ESSAI"


def is_test_subject(person_id: PersonId) -> bool:
    """Whether the identifier is of nobody: ``3…/ESSAI``, ``3…/ESSAI-2``."""
    return (person_id.internal or "").upper().startswith(_MARK)


def check_subject(person: Person) -> tuple[Finding, ...]:
    """The identifier's mark and the fixed name go together, without a profession, or there are errors."""
    is_named = (person.surname.upper(), person.given_names.upper()) == (TEST_SURNAME, TEST_GIVEN_NAMES)
    if not is_test_subject(person.national_id):
        return (Finding.error("right.test-subject-unmarked", "holder"),) if is_named else ()
    if not is_named or person.profession_code is not None or person.specialities:
        return (
            Finding.error("right.test-subject-named", "holder", name=f"{TEST_GIVEN_NAMES} {TEST_SURNAME}"),
        )
    return ()
