"""The names of a form, in words: what each covers, what is odd about it."""

from __future__ import annotations

from typing import Any

from sceau.operations import doubts_about_form
from sceau.portal.pages.drafts.progress import about
from sceau.portal.pages.orders.checking import check_all
from sceau.portal.pages.orders.raw import Raw
from sceau.portal.saying import say
from sceau.portal.visitor import PortalRequest, actor_of
from sceau.vocabulary import Finding, Severity


def names_context(
    request: PortalRequest, raw: Raw, findings: tuple[Finding, ...] | None = None
) -> dict[str, Any]:
    """The scopes in words, and the doubts about the names typed."""
    found = about(check_all(raw) if findings is None else findings, "offers")
    typed = [one for one in found if one.subject.endswith(".declared") and _has_name(raw, one.subject)]
    odd = (one for one in typed if one.severity is not Severity.INFO)
    return {
        "covered": say(one for one in typed if one.severity is Severity.INFO),
        "doubts": say([*doubts_about_form(actor_of(request), raw), *odd]),
    }


def _has_name(raw: Raw, subject: str) -> bool:
    """Whether something is typed there: an empty field is no doubt yet."""
    index = subject.split(".")[1]
    return index.isdecimal() and bool(raw["offers"][int(index)].get("declared"))
