"""Third parties: registered, designated, their teams, what they obtain, and the technical parts they fill.

What a structure's designation gives is decided by `registration.plan_team`; here it is read, written and
told. A third party never signs for its client and decides nothing: who acts, and for whom, is asked in every
verb.
"""

from sceau.operations.delegation.touching import (
    TermsAnswer,
    TermsEffects,
    TouchedRight,
    preview_terms,
    preview_version,
)

__all__ = ["TermsAnswer", "TermsEffects", "TouchedRight", "preview_terms", "preview_version"]
