"""What the desk asked, answered in place under each field; and the order's story in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from django.utils.translation import gettext as _

from sceau.portal.language import page_catalogue
from sceau.records import EntrustedLine, OrderFile, PointLine, entrusted_of

_LONGEST = 2000


def open_points(file: OrderFile, typed: Mapping[int, str]) -> list[dict[str, Any]]:
    """The points that wait for an answer; one at a place of the form has the text that stands there."""
    return [
        {
            "number": point.number,
            "field": f"answer-{point.number}",
            "label": page_catalogue().label_of(point.path) if point.path else "",
            "text": point.text,
            "typed": typed.get(point.number, ""),
            "value": value_at(file.raw, point.path),
        }
        for point in _waiting(file)
    ]


def answers_from(post: Mapping[str, Any], file: OrderFile) -> tuple[dict[int, str], dict[str, Any] | None]:
    """The answers typed, and the form with the values corrected in place (None: none was)."""
    answers: dict[int, str] = {}
    raw: dict[str, Any] | None = None
    for point in _waiting(file):
        answers[point.number] = str(post.get(f"answer-{point.number}", ""))[:_LONGEST]
        before = value_at(file.raw, point.path)
        after = str(post.get(f"value-{point.number}", before or "")).strip()[:_LONGEST]
        if before is not None and after and after != before.strip():
            raw = raw if raw is not None else deepcopy(dict(file.raw))
            _put(raw, point.path, after)
            answers[point.number] = answers[point.number].strip() or f"Corrigé : {after}"
    return answers, raw


def value_at(raw: Mapping[str, Any], path: str) -> str | None:
    """The text that stands at a place of the form, None when there is no place for a text."""
    steps = path.split(".") if path else []
    found: Any = raw if steps else None
    for step in steps:
        if isinstance(found, list):
            found = found[int(step)] if step.isdecimal() and int(step) < len(found) else None
        else:
            found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else None


def timeline_of(file: OrderFile) -> list[dict[str, Any]]:
    """What happened, oldest first, in the words of who ordered."""
    story = [{"at": file.line.submitted_at, "text": _("Vous avez envoyé la commande : nous l’avons reçue.")}]
    for version in file.versions[1:]:
        why = f" ({version.why})" if version.why else ""
        text = _("Le formulaire a été modifié par {made_by}{why} : version {number}.").format(
            made_by=version.made_by, why=why, number=version.number
        )
        story.append({"at": version.made_at, "text": text})
    said = {
        "request": _("Le guichet a demandé un complément."),
        "answer": _("Une réponse a été envoyée au guichet."),
        "note": _("Le guichet vous a écrit."),
    }
    story += entrusted_story(entrusted_of(order=file.line.reference))
    story += [{"at": note.at, "text": said[note.kind]} for note in file.notes if note.kind in said]
    if file.case is not None and file.case.decided_at is not None:
        how = page_catalogue().text(f"decided.{file.line.state}")
        story.append({"at": file.case.decided_at, "text": _("La commande a été {how}.").format(how=how)})
    return sorted(story, key=lambda one: one["at"])


def entrusted_story(times: Iterable[EntrustedLine]) -> list[dict[str, Any]]:
    """In whose hands section 4 was, from when to when, and how it came back."""
    story: list[dict[str, Any]] = []
    for one in times:
        who = one.third_party or _("la personne n° {number}").format(number=one.helper)
        story.append({"at": one.at, "text": _("La partie technique a été confiée à {who}.").format(who=who)})
        if one.ended_at is not None:
            how = page_catalogue().text(f"returned.{one.returned}")
            by = _(" (remplie par {writers})").format(writers=", ".join(one.writers)) if one.writers else ""
            text = _("La partie technique confiée à {who} a été {how}{by}.").format(who=who, how=how, by=by)
            story.append({"at": one.ended_at, "text": text})
    return story


def _waiting(file: OrderFile) -> list[PointLine]:
    return [point for note in file.notes for point in note.points if point.answered_at is None]


def _put(raw: dict[str, Any], path: str, value: str) -> None:
    *steps, last = path.split(".")
    at: Any = raw
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
